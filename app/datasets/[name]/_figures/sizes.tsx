import { Area, Figure, fromZero, Line, Plot, Rule, type Scale } from '#app/_components/charts/plot.tsx';
import { PROTOCOLS } from '#lib/coco/protocol.ts';
import type { DatasetStatistics } from '#lib/datasets/statistics.ts';
import { integer } from '#lib/format.ts';
import { colorOf, nameOf } from '../tables.tsx';
import { bins } from './bins.ts';
import { extremes, histogramNumbers, steps } from './histograms.ts';
import { CLASSES, SizeClasses, share } from './size-classes.tsx';

/** Histograms of cell areas by type, with the limits of the size classes (Edlund et al. 2021, Figure 1). */
export function Sizes({ statistics: { groups, areaEdges } }: { statistics: DatasetStatistics }) {
  const withCells = groups.filter(({ objects }) => objects > 0);
  if (withCells.length === 0) return null;
  const histograms = withCells.map(({ area }) => area.histogram);
  const [first, last] = bins(histograms);
  const x: Scale = {
    from: areaEdges[first],
    to: areaEdges[last],
    log: true,
    ticks: [10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000].filter(
      (tick) => tick >= areaEdges[first] * 0.999 && tick <= areaEdges[last] * 1.001,
    ),
    label: 'Area, pixels (log axis)',
  };
  const top = Math.max(...withCells.map(({ area, objects }) => (100 * Math.max(...area.histogram)) / objects));
  const y = fromZero(top, 'Cells, %');
  const [smallest, largest] = extremes(withCells, ({ area }) => area.median ?? 0);
  const [low, high] = [1, 2].map((c) => PROTOCOLS['livecell-paper'].areaRanges[c].max);
  const [codeLow, codeHigh] = [1, 2].map((c) => PROTOCOLS['livecell-code'].areaRanges[c].max);
  const compared =
    smallest === largest
      ? `The median cell has ${integer(smallest.area.median ?? 0)} pixels.`
      : `The median cell has ${integer(smallest.area.median ?? 0)} pixels in ${nameOf(smallest)} and ${integer(largest.area.median ?? 0)} in ${nameOf(largest)}.`;
  return (
    <Figure
      wide
      title="Sizes of cells"
      sentence={
        <>
          {compared} Dashed lines part small, medium and large by the paper’s protocol ({low} and {integer(high)} px),
          dotted ones by the released code’s ({codeLow} and {codeHigh} px); shares are the paper’s.
        </>
      }
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
                {[codeLow, codeHigh].map((at) => (
                  <Rule key={at} x={x} at={at} dash="1 3" />
                ))}
                {[low, high].map((at) => (
                  <Rule key={at} x={x} at={at} dash="5 3" />
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
