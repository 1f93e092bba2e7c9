import { Area, Figure, fromZero, Line, Plot, Point } from '#app/_components/charts/plot.tsx';
import type { GroupStatistics } from '#lib/datasets/statistics.ts';
import { integer } from '#lib/format.ts';
import { hours, nameOf } from '../tables.tsx';
import { extremes } from './histograms.ts';

export const timedGroups = (groups: readonly GroupStatistics[]) => groups.filter(({ density }) => density.length > 1);

const growth = ({ density }: GroupStatistics) => density[density.length - 1].mean / density[0].mean;

export function densitySentence(timed: readonly GroupStatistics[]): string {
  const grown = timed.filter((group) => Number.isFinite(growth(group)));
  const [, fastest] = extremes(grown.length > 0 ? grown : timed, growth);
  const most =
    Number.isFinite(growth(fastest)) && growth(fastest) > 1
      ? ` ${nameOf(fastest)} grows most between its first and its last time point, by a factor of ${growth(fastest).toFixed(1)}.`
      : '';
  return `Mean number of cells per image with its standard error; each type has its own scale.${most}`;
}

/** Mean number of cells per image at each time since seeding, by type. */
export function DensityOverTime({ groups, files }: { groups: readonly GroupStatistics[]; files: string }) {
  const timed = timedGroups(groups);
  if (timed.length === 0) return null;
  const x = {
    ...fromZero(Math.max(...timed.map(({ density }) => density[density.length - 1].hours)), 'Hours since seeding'),
  };
  return (
    <Figure
      wide
      title="Density over time"
      sentence={densitySentence(timed)}
      files={files}
      numbers={{
        head: ['Cell type and hours', 'Images', 'Cells', 'Cells per image', 'Standard error'],
        rows: timed.flatMap((group) =>
          group.density.map(({ hours: at, images, mean, sem }) => [
            `${nameOf(group)}, ${hours(at)} h`,
            integer(images),
            integer(Math.round(images * mean)),
            mean.toFixed(1),
            sem === null ? '–' : sem.toFixed(1),
          ]),
        ),
      }}
    >
      <div className="panels">
        {timed.map((group) => {
          const { density } = group;
          const y = fromZero(Math.max(...density.map(({ mean, sem }) => mean + (sem ?? 0))), 'Cells per image');
          const band: [number, number][] = [
            ...density.map(({ hours, mean, sem }): [number, number] => [hours, mean + (sem ?? 0)]),
            ...density.map(({ hours, mean, sem }): [number, number] => [hours, mean - (sem ?? 0)]).reverse(),
          ];
          const [first, last] = [density[0], density[density.length - 1]];
          return (
            <div key={nameOf(group)}>
              <h4>{nameOf(group)}</h4>
              <Plot
                x={x}
                y={y}
                say={`${nameOf(group)}: ${first.mean.toFixed(1)} cells per image at ${hours(first.hours)} hours, ${last.mean.toFixed(1)} at ${hours(last.hours)} hours`}
              >
                <Area x={x} y={y} points={band} />
                <Line x={x} y={y} points={density.map(({ hours, mean }) => [hours, mean])} />
                {density.map(({ hours, mean }) => (
                  <Point key={hours} x={x} y={y} at={[hours, mean]} style={0} size={2.5} />
                ))}
              </Plot>
            </div>
          );
        })}
      </div>
    </Figure>
  );
}
