import type { DatasetStatistics } from '#lib/datasets/statistics.ts';
import { CellsPerImage } from './_figures/cells-per-image.tsx';
import { DensityOverTime } from './_figures/density-over-time.tsx';
import { Shapes } from './_figures/shapes.tsx';
import { Sizes } from './_figures/sizes.tsx';
import { chartAddress } from './chart-address.ts';

/** The figures of a data set's cells, folded: Figures 1 and 2 of Edlund et al. 2021. */
export function Figures({ statistics, name }: { statistics: DatasetStatistics; name: string }) {
  const { groups, components } = statistics;
  if (groups.length === 0) return null;
  return (
    <section className="section" aria-labelledby="figures">
      <h2 id="figures">Size, density and shape</h2>
      <details className="fold">
        <summary>Sizes of cells and size classes, type by type</summary>
        <Sizes statistics={statistics} files={chartAddress(name, 'sizes')} />
      </details>
      {groups.some(({ cellsPerImage }) => cellsPerImage.histogram) && (
        <details className="fold">
          <summary>Cells per image, type by type</summary>
          <CellsPerImage statistics={statistics} files={chartAddress(name, 'cells-per-image')} />
        </details>
      )}
      {groups.some(({ density }) => density.length > 1) && (
        <details className="fold">
          <summary>Density over time</summary>
          <DensityOverTime groups={groups} files={chartAddress(name, 'density')} />
        </details>
      )}
      {components && (
        <details className="fold">
          <summary>Shape and brightness: principal components and means</summary>
          <div className="charts">
            <Shapes
              components={components}
              groups={groups}
              files={{ components: chartAddress(name, 'components'), weights: chartAddress(name, 'weights') }}
            />
          </div>
        </details>
      )}
    </section>
  );
}
