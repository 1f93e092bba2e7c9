/** Counts over time, a panel for each seeding density (the paper's Figure 4a). */

import { integer } from '#lib/format.ts';
import { type CountsAtTime, countsOverTime, FEWEST_COUNTED, growthSentence } from '#lib/scoring/counts-over-time.ts';
import type { CountResults } from '#lib/scoring/report.ts';
import { Figure } from '../charts/plot.tsx';
import { Legend } from '../charts/series-style.tsx';
import { TimePlot } from './plots.tsx';

/** Nothing if file names contain no time. */
export function CountsOverTime({ name, result }: { name: string; result: CountResults }) {
  const times: CountsAtTime[] = result.files ? countsOverTime(result.points, result.files) : (result.overTime ?? []);
  const wells = [...new Set(times.map(({ well }) => well))]
    .map((well) => ({ well, times: times.filter((at) => at.well === well) }))
    .filter(({ times }) => times.length > 1);
  if (wells.length === 0) return null;
  const open = times.some(({ reference }) => reference);
  const hours = Math.max(...times.map(({ hours }) => hours));
  const highest = Math.max(
    ...wells.flatMap(({ times }) =>
      times.flatMap(({ predicted, reference }) =>
        [predicted, reference].map((count) => (count ? count.mean + (count.sem ?? 0) : 0)),
      ),
    ),
  );
  return (
    <Figure
      wide
      title={`Counts over time, ${name}`}
      sentence={
        <>
          {growthSentence(times)} Means over the images of a well and time point with their standard error; a well is a
          seeding density.
          {!open &&
            ` The reference counts are not public, and points that rest on fewer than ${FEWEST_COUNTED} images are not drawn.`}
        </>
      }
      numbers={{
        head: [
          'Well and hours',
          'Images',
          'Predicted',
          'Standard error',
          ...(open ? ['Reference', 'Standard error'] : []),
        ],
        rows: wells.flatMap(({ well, times }) =>
          times.map(({ hours, images, predicted, reference }) => [
            `${well}, ${Math.round(hours * 10) / 10} h`,
            integer(images),
            ...[predicted, ...(open ? [reference] : [])].flatMap((count) => [
              count ? count.mean.toFixed(1) : '–',
              typeof count?.sem === 'number' ? count.sem.toFixed(1) : '–',
            ]),
          ]),
        ),
      }}
    >
      <Legend kind="line" names={open ? ['Predicted', 'Reference'] : ['Predicted']} />
      <div className="panels">
        {wells.map(({ well, times }) => {
          const last = times[times.length - 1];
          return (
            <div key={well}>
              <h4>Well {well}</h4>
              <TimePlot
                hours={hours}
                highest={highest}
                say={`Well ${well}, at ${integer(last.hours)} hours: ${integer(last.predicted.mean)} cells per image predicted${last.reference ? `, ${integer(last.reference.mean)} in the reference` : ''}`}
                curves={[
                  ...(open ? [{ style: 1, times: curveOf(times, 'reference') }] : []),
                  { style: 0, times: curveOf(times, 'predicted') },
                ]}
              />
            </div>
          );
        })}
      </div>
    </Figure>
  );
}

/** Return [hours, mean, standard error] of the times that have this count; a tenth of a cell cannot be seen. */
function curveOf(times: readonly CountsAtTime[], of: 'predicted' | 'reference') {
  const tenths = (value: number) => Number(value.toFixed(1));
  return times.flatMap(({ hours, [of]: count }) =>
    count ? [[tenths(hours), tenths(count.mean), tenths(count.sem ?? 0)] as const] : [],
  );
}
