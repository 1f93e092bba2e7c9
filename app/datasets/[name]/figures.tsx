import type { DatasetStatistics } from '#lib/datasets/statistics.ts';
import { CellsPerImage } from './_figures/cells-per-image.tsx';
import { DensityOverTime } from './_figures/density-over-time.tsx';
import { Shapes } from './_figures/shapes.tsx';
import { Sizes } from './_figures/sizes.tsx';

/** The figures of a data set's cells: Figures 1 and 2 of Edlund et al. 2021. */
export function Figures({ statistics }: { statistics: DatasetStatistics }) {
  const { groups, components } = statistics;
  if (groups.length === 0) return null;
  return (
    <section className="section" aria-labelledby="figures">
      <h2 id="figures">Size, density and shape</h2>
      <div className="charts">
        <Sizes statistics={statistics} />
        <CellsPerImage statistics={statistics} />
        <DensityOverTime groups={groups} />
        {components && <Shapes components={components} groups={groups} />}
      </div>
    </section>
  );
}
