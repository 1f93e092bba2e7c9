/** Counts over time, a panel for each seeding density (the paper's Figure 4a). */

import { integer } from '#lib/format.ts';
import { type CountsAtTime, countsOverTime, FEWEST_COUNTED, growthSentence } from '#lib/scoring/counts-over-time.ts';
import type { CountResults } from '#lib/scoring/report.ts';
import { Area, Figure, fromZero, Line, Plot, Point, type Scale } from '../charts/plot.tsx';
import { Legend, SERIES_STYLES } from '../charts/series-style.tsx';

/** Number of time points above which markers would hide the line. */
const MOST_MARKERS = 24;

/** Nothing if file names contain no time. */
export function CountsOverTime({ name, result }: { name: string; result: CountResults }) {
  const times: CountsAtTime[] = result.files ? countsOverTime(result.points, result.files) : (result.overTime ?? []);
  const wells = [...new Set(times.map(({ well }) => well))]
    .map((well) => ({ well, times: times.filter((at) => at.well === well) }))
    .filter(({ times }) => times.length > 1);
  if (wells.length === 0) return null;
  const open = times.some(({ reference }) => reference);
  const x = fromZero(Math.max(...times.map(({ hours }) => hours)), 'Hours since seeding');
  const highest = Math.max(
    ...wells.flatMap(({ times }) =>
      times.flatMap(({ predicted, reference }) =>
        [predicted, reference].map((count) => (count ? count.mean + (count.sem ?? 0) : 0)),
      ),
    ),
  );
  // one scale for all panels, so that densities can be compared
  const y = fromZero(Math.max(10, highest), 'Cells per image', integer);
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
              <Plot
                x={x}
                y={y}
                say={`Well ${well}, at ${integer(last.hours)} hours: ${integer(last.predicted.mean)} cells per image predicted${last.reference ? `, ${integer(last.reference.mean)} in the reference` : ''}`}
              >
                {open && <Curve x={x} y={y} times={times} of="reference" series={1} />}
                <Curve x={x} y={y} times={times} of="predicted" series={0} />
              </Plot>
            </div>
          );
        })}
      </div>
    </Figure>
  );
}

function Curve({
  x,
  y,
  times,
  of,
  series,
}: {
  x: Scale;
  y: Scale;
  times: readonly CountsAtTime[];
  of: 'predicted' | 'reference';
  series: number;
}) {
  const points = times.flatMap(({ hours, [of]: count }) =>
    count ? [{ hours, mean: count.mean, sem: count.sem ?? 0 }] : [],
  );
  const { color, dash } = SERIES_STYLES[series];
  const line = points.map(({ hours, mean }): [number, number] => [hours, mean]);
  const band: [number, number][] = [
    ...points.map(({ hours, mean, sem }): [number, number] => [hours, mean + sem]),
    ...points.map(({ hours, mean, sem }): [number, number] => [hours, mean - sem]).reverse(),
  ];
  return (
    <>
      <Area x={x} y={y} points={band} color={color} opacity={0.18} />
      <Line x={x} y={y} points={line} color={color} dash={dash} width={1.75} />
      {points.length <= MOST_MARKERS &&
        line.map((at) => <Point key={at[0]} x={x} y={y} at={at} style={series} size={2.6} />)}
    </>
  );
}
