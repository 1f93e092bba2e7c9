import { Area, Figure, fromZero, Line, Plot } from '#app/_components/charts/plot.tsx';
import type { DatasetStatistics, GroupStatistics } from '#lib/datasets/statistics.ts';
import { colorOf, nameOf } from '../tables.tsx';
import { extremes, histogramNumbers, steps } from './histograms.ts';

/** Return the groups whose images may be counted. */
export function countedGroups({ groups }: DatasetStatistics) {
  return groups.flatMap((group) => {
    const { histogram } = group.cellsPerImage;
    return histogram ? [{ ...group, histogram }] : [];
  });
}

const mean = (group: GroupStatistics) => group.cellsPerImage.mean.toFixed(1);

export function countsSentence(groups: readonly GroupStatistics[]): string {
  const [fewest, most] = extremes(groups, ({ cellsPerImage }) => cellsPerImage.mean);
  return fewest === most
    ? `An image has ${mean(most)} cells on average.`
    : `From ${mean(fewest)} cells per image on average (${nameOf(fewest)}) to ${mean(most)} (${nameOf(most)}).`;
}

/** Histograms of the number of cells in an image, by type. */
export function CellsPerImage({ statistics, files }: { statistics: DatasetStatistics; files: string }) {
  const { countEdges } = statistics;
  const groups = countedGroups(statistics);
  if (groups.length === 0) return null;
  const histograms = groups.map(({ histogram }) => histogram);
  const x = { ...fromZero(countEdges[countEdges.length - 1], 'Cells per image') };
  const top = Math.max(...groups.map(({ histogram, images }) => (100 * Math.max(...histogram)) / images));
  const y = fromZero(top, 'Images, %');
  return (
    <Figure
      wide
      title="Cells per image"
      sentence={countsSentence(groups)}
      files={files}
      numbers={histogramNumbers(groups, histograms, countEdges, 'Cells, the upper end excluded')}
    >
      <div className="panels">
        {groups.map((group) => (
          <div key={nameOf(group)}>
            <h4>
              {nameOf(group)} <small>{mean(group)} on average</small>
            </h4>
            <Plot x={x} y={y} say={`Cells per image of ${nameOf(group)}: ${mean(group)} on average`}>
              <Area
                x={x}
                y={y}
                points={steps(group.histogram, countEdges, group.images)}
                opacity={0.35}
                color={colorOf(group)}
              />
              <Line
                x={x}
                y={y}
                points={steps(group.histogram, countEdges, group.images)}
                width={1.25}
                color={colorOf(group)}
              />
            </Plot>
          </div>
        ))}
      </div>
    </Figure>
  );
}
