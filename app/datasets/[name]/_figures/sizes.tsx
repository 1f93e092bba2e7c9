import { Area, Figure, fromZero, Line, Plot, Rule, type Scale } from '#app/_components/charts/plot.tsx';
import { PROTOCOLS } from '#lib/coco/protocol.ts';
import type { DatasetStatistics, GroupStatistics } from '#lib/datasets/statistics.ts';
import { integer } from '#lib/format.ts';
import { colorOf, nameOf } from '../tables.tsx';
import { bins } from './bins.ts';
import { extremes, histogramNumbers, steps } from './histograms.ts';
import { CLASSES, SizeClasses, share } from './size-classes.tsx';

const [LOW, HIGH] = [1, 2].map((c) => PROTOCOLS['livecell-paper'].areaRanges[c].max);
const [CODE_LOW, CODE_HIGH] = [1, 2].map((c) => PROTOCOLS['livecell-code'].areaRanges[c].max);

/** Limits of the size classes, as they are drawn. */
export const SIZE_RULES = [
  ...[CODE_LOW, CODE_HIGH].map((at) => ({ at, dash: '1 3' })),
  ...[LOW, HIGH].map((at) => ({ at, dash: '5 3' })),
];

export const groupsWithCells = (groups: readonly GroupStatistics[]) => groups.filter(({ objects }) => objects > 0);

export function sizesSentence(withCells: readonly GroupStatistics[]): string {
  const [smallest, largest] = extremes(withCells, ({ area }) => area.median ?? 0);
  const median = ({ area }: GroupStatistics) => integer(area.median ?? 0);
  const compared =
    smallest === largest
      ? `The median cell has ${median(smallest)} pixels.`
      : `The median cell has ${median(smallest)} pixels in ${nameOf(smallest)} and ${median(largest)} in ${nameOf(largest)}.`;
  return `${compared} Dashed lines part small, medium and large by the paper’s protocol (${LOW} and ${integer(HIGH)} px), dotted ones by the released code’s (${CODE_LOW} and ${CODE_HIGH} px); shares are the paper’s.`;
}

/** The scale of areas, as far as there are any. */
export function areaScale(withCells: readonly GroupStatistics[], areaEdges: readonly number[]): Scale {
  const [first, last] = bins(withCells.map(({ area }) => area.histogram));
  return {
    from: areaEdges[first],
    to: areaEdges[last],
    log: true,
    ticks: [10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000].filter(
      (tick) => tick >= areaEdges[first] * 0.999 && tick <= areaEdges[last] * 1.001,
    ),
    label: 'Area, pixels (log axis)',
  };
}

/** Histograms of cell areas by type, with the limits of the size classes (Edlund et al. 2021, Figure 1). */
export function Sizes({ statistics, files }: { statistics: DatasetStatistics; files: string }) {
  const { groups, areaEdges } = statistics;
  const withCells = groupsWithCells(groups);
  if (withCells.length === 0) return null;
  const histograms = withCells.map(({ area }) => area.histogram);
  const x = areaScale(withCells, areaEdges);
  const top = Math.max(...withCells.map(({ area, objects }) => (100 * Math.max(...area.histogram)) / objects));
  const y = fromZero(top, 'Cells, %');
  return (
    <Figure
      wide
      title="Sizes of cells"
      sentence={sizesSentence(withCells)}
      files={files}
      numbers={histogramNumbers(withCells, histograms, areaEdges, 'Area, px')}
    >
      <div className="panels">
        {withCells.map((group) => {
          const shares = group.sizeClasses['livecell-paper'].map((count) => share(count, group.objects));
          const said = CLASSES.map((name, c) => `${shares[c]}\u00a0%\u00a0${name.toLowerCase()}`).join(', ');
          return (
            <div key={nameOf(group)}>
              <h4>
                {nameOf(group)} <small>{said}</small>
              </h4>
              <Plot x={x} y={y} say={`Areas of ${nameOf(group)}: ${said}`}>
                <Area
                  x={x}
                  y={y}
                  points={steps(group.area.histogram, areaEdges, group.objects)}
                  opacity={0.35}
                  color={colorOf(group)}
                />
                <Line
                  x={x}
                  y={y}
                  points={steps(group.area.histogram, areaEdges, group.objects)}
                  width={1.25}
                  color={colorOf(group)}
                />
                {SIZE_RULES.map(({ at, dash }) => (
                  <Rule key={dash + at} x={x} at={at} dash={dash} />
                ))}
              </Plot>
            </div>
          );
        })}
      </div>
      <div className="size-classes">
        <SizeClasses groups={withCells} />
      </div>
    </Figure>
  );
}
