import { ChartFiles } from '#app/_components/charts/chart-files.tsx';
import { SparkHistogram } from '#app/_components/charts/spark.tsx';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { TypeName } from '#app/_components/type-name.tsx';
import type { DatasetStatistics, GroupStatistics } from '#lib/datasets/statistics.ts';
import { integer } from '#lib/format.ts';
import { CELL_LINES } from '#lib/livecell/cell-lines.ts';
import { CELL_TYPE_NAMES } from '#lib/livecell/cell-types.ts';
import { SPLIT_NAMES, type Split } from '#lib/livecell/splits.ts';
import { bins } from './_figures/bins.ts';
import { chartAddress } from './chart-address.ts';

/** Name the single group of a data set whose file names give no cell type. */
export function named({ groups, ...statistics }: DatasetStatistics): DatasetStatistics {
  const alone = groups.length === 1 && !statistics.withheld && groups[0].cellType === null;
  return { ...statistics, groups: alone ? [{ ...groups[0], name: 'All images' } as GroupStatistics] : groups };
}

export function nameOf({ cellType, name = 'Other images' }: GroupStatistics & { name?: string }): string {
  return cellType ? CELL_TYPE_NAMES[cellType] : name;
}

/** The colour of a cell type in every chart. */
export function colorOf({ cellType }: GroupStatistics): string {
  return cellType ? `var(--type-${cellType})` : 'var(--accent)';
}

export function hours(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** The paper's Table 1, with the distributions of cells per image and of areas in its cells. */
export function CellTypes({ statistics, name }: { statistics: DatasetStatistics; name: string }) {
  const { groups, withheld, countEdges, areaEdges } = statistics;
  const twice = groups.some(({ images, files }) => images !== files);
  const counted = groups.flatMap(({ cellsPerImage: { histogram } }) => (histogram ? [histogram] : []));
  const counts = spanOf(counted, countEdges);
  const areas = spanOf(
    groups.map(({ area }) => area.histogram),
    areaEdges,
  );
  return (
    <section className="section cell-types" aria-labelledby="cells">
      <h2 id="cells">Cell types</h2>
      {groups.length > 0 && (
        <TableFrame label="Table of cell types, scrolls sideways">
          <table>
            <caption className="visually-hidden">Images and cells of each type</caption>
            <thead>
              <tr>
                <th scope="col">Cell type</th>
                <th scope="col" className="num">
                  Images
                </th>
                {twice && (
                  <th scope="col" className="num">
                    <abbr title="Some files are listed under two ids">Files</abbr>
                  </th>
                )}
                <th scope="col" className="num">
                  Cells
                </th>
                <th scope="col" className="num">
                  <abbr title="Mean ± standard deviation">Cells per image</abbr>
                </th>
                {counted.length > 0 && (
                  <th scope="col" className="sparks">
                    {integer(counts.from)} to {integer(counts.to)}
                    <span className="visually-hidden"> cells per image, drawn</span>
                  </th>
                )}
                <th scope="col" className="num">
                  <abbr title="Of the areas given in the annotations">Median area, px</abbr>
                </th>
                <th scope="col" className="sparks">
                  {integer(areas.from)} to {integer(areas.to)}
                  <span className="visually-hidden"> pixels, drawn</span> <small className="muted">log</small>
                </th>
                <th scope="col">Wells</th>
                <th scope="col" className="num">
                  <abbr title="Time points, and hours since seeding of the first and the last">Times</abbr>
                </th>
              </tr>
            </thead>
            <tbody>
              {groups.map((group) => {
                const { cellType, images, files, wells, time, objects, cellsPerImage, area } = group;
                const color = colorOf(group);
                return (
                  <tr key={nameOf(group)}>
                    <th scope="row">
                      {cellType ? <TypeName type={cellType} /> : nameOf(group)}
                      {cellType && (
                        <small className="muted">
                          {CELL_LINES[cellType].origin}. {CELL_LINES[cellType].appearance}.
                        </small>
                      )}
                    </th>
                    <td className="num">{integer(images)}</td>
                    {twice && <td className="num">{integer(files)}</td>}
                    <td className="num">{integer(objects)}</td>
                    <td className="num">
                      {cellsPerImage.mean.toFixed(1)}
                      {cellsPerImage.sd !== null && ` ± ${cellsPerImage.sd.toFixed(1)}`}
                    </td>
                    {counted.length > 0 && (
                      <td className="sparks">
                        {cellsPerImage.histogram && (
                          <SparkHistogram
                            counts={cellsPerImage.histogram}
                            edges={countEdges}
                            x={counts}
                            color={color}
                            say={`Cells per image of ${nameOf(group)}, ${cellsPerImage.mean.toFixed(1)} on average`}
                          />
                        )}
                      </td>
                    )}
                    <td className="num">{area.median === null ? '–' : integer(area.median)}</td>
                    <td className="sparks">
                      <SparkHistogram
                        counts={area.histogram}
                        edges={areaEdges}
                        x={{ ...areas, log: true }}
                        color={color}
                        say={`Areas of ${nameOf(group)}, ${area.median === null ? 'no cells' : `median ${integer(area.median)} pixels`}`}
                      />
                    </td>
                    <td>{wells.join(', ') || '–'}</td>
                    <td className="num">
                      {time ? `${time.points} (${hours(time.first)}–${hours(time.last)} h)` : '–'}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </TableFrame>
      )}
      {groups.length > 0 && (
        <details className="chart-files-of-table">
          <summary>Its columns as charts in files</summary>
          <ul>
            {(
              [
                ['images', 'Images by cell type', true],
                ['cells', 'Cells by cell type', true],
                ['cells-per-image', 'Cells per image', counted.length > 0],
                ['sizes', 'Sizes of cells', groups.some(({ objects }) => objects > 0)],
              ] as const
            ).map(
              ([chart, title, there]) =>
                there && (
                  <li key={chart}>
                    {title}: <ChartFiles address={chartAddress(name, chart)} of={title} bare />
                  </li>
                ),
            )}
          </ul>
        </details>
      )}
      {withheld && (
        <p className="muted">
          Of {integer(withheld.images)} images nothing is said here: there are too few of their kind, and annotations of
          this data set are not public.
        </p>
      )}
    </section>
  );
}

/** Return the part of an axis that histograms use. */
function spanOf(histograms: readonly (readonly number[])[], edges: readonly number[]): { from: number; to: number } {
  const [first, last] = bins(histograms);
  return { from: edges[first], to: edges[last] };
}

/** A data set with its statistics, beside those it belongs to. */
interface SplitColumn {
  name: string;
  split: Split | null;
  images: number;
  objects: number;
  cellTypes: Record<string, number>;
  statistics: DatasetStatistics | null;
}

/** Images and cells by type, split and day. */
export function SplitsAndTimes({ splits }: { splits: readonly SplitColumn[] }) {
  const timed = splits.filter(({ statistics }) => statistics?.groups.some(({ density }) => density.length > 1));
  if (splits.length < 2 && timed.length === 0) return null;
  const several = splits.length > 1;
  return (
    <section className="section" aria-labelledby="counts">
      <h2 id="counts">{several ? 'Splits and days' : 'Cells by day'}</h2>
      {several && <BySplit splits={splits} />}
      {timed.map(({ name, split, statistics }) => (
        <ByDay
          key={name}
          title={several && split ? `${SPLIT_NAMES[split]}, by day since seeding` : 'Cells by day since seeding'}
          groups={statistics?.groups ?? []}
        />
      ))}
    </section>
  );
}

function BySplit({ splits }: { splits: readonly SplitColumn[] }) {
  const known = splits.flatMap(({ statistics }) => statistics?.groups ?? []);
  const rows = [...new Map(known.map((group) => [nameOf(group), group.cellType])).entries()];
  const total = (key: 'images' | 'objects') => splits.reduce((sum, split) => sum + split[key], 0);
  return (
    <TableFrame label="Table of splits, scrolls sideways">
      <table>
        <caption className="visually-hidden">Images and cells of each type and split</caption>
        <thead>
          <tr className="groups">
            <td />
            {splits.map(({ name, split }) => (
              <th key={name} scope="colgroup" colSpan={2}>
                <a href={`/datasets/${encodeURIComponent(name)}`}>{split ? SPLIT_NAMES[split] : name}</a>
              </th>
            ))}
            <th scope="colgroup" colSpan={2}>
              All
            </th>
          </tr>
          <tr>
            <th scope="col">Cell type</th>
            {[...splits, { name: 'all' }].flatMap(({ name }) =>
              ['Images', 'Cells'].map((head) => (
                <th key={name + head} scope="col" className="num">
                  {head}
                </th>
              )),
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, cellType]) => {
            const cells = splits.map(({ statistics, cellTypes }) => {
              const group = statistics?.groups.find((group) => group.cellType === cellType);
              return {
                images: group?.images ?? (cellType ? cellTypes[cellType] : undefined) ?? 0,
                // null: there are images, and of their cells nothing may be said
                objects: group?.objects ?? (cellType && !cellTypes[cellType] ? 0 : null),
              };
            });
            const objects = cells.every((cell) => cell.objects !== null)
              ? cells.reduce((sum, cell) => sum + (cell.objects ?? 0), 0)
              : null;
            const all = { images: cells.reduce((sum, { images }) => sum + images, 0), objects };
            return (
              <tr key={name}>
                <th scope="row">{name}</th>
                {[...cells, all].flatMap(({ images, objects }, i) => [
                  // biome-ignore lint/suspicious/noArrayIndexKey: a column each
                  <td key={`${i} images`} className="num">
                    {integer(images)}
                  </td>,
                  // biome-ignore lint/suspicious/noArrayIndexKey: as above
                  <td key={`${i} cells`} className="num">
                    {objects === null ? '–' : integer(objects)}
                  </td>,
                ])}
              </tr>
            );
          })}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">All</th>
            {[...splits, { images: total('images'), objects: total('objects') }].flatMap(({ images, objects }, i) => [
              // biome-ignore lint/suspicious/noArrayIndexKey: as above
              <td key={`${i} images`} className="num">
                {integer(images)}
              </td>,
              // biome-ignore lint/suspicious/noArrayIndexKey: as above
              <td key={`${i} cells`} className="num">
                {integer(objects)}
              </td>,
            ])}
          </tr>
        </tfoot>
      </table>
    </TableFrame>
  );
}

const MOST_COLUMNS = 8;

/** Sums per day, or per several days if there are many. Images that the times leave out are left out here, too. */
function ByDay({ title, groups }: { title: string; groups: readonly GroupStatistics[] }) {
  const timed = groups.filter(({ density }) => density.length > 0);
  const last = Math.max(...timed.flatMap(({ density }) => density.map(({ hours }) => Math.floor(hours / 24))));
  const wide = Math.ceil((last + 1) / MOST_COLUMNS);
  // days without an image are left out
  const columns = Array.from({ length: Math.ceil((last + 1) / wide) }, (_, k) => k).filter((k) =>
    timed.some(({ density }) => density.some(({ hours, images }) => images > 0 && Math.floor(hours / 24 / wide) === k)),
  );
  const name = (k: number) => (wide === 1 ? `Day ${k + 1}` : `Days ${k * wide + 1}–${(k + 1) * wide}`);
  return (
    <details className="fold by-day">
      <summary>{title}</summary>
      <TableFrame label={`Table: ${title}, scrolls sideways`}>
        <table>
          <caption className="visually-hidden">{title}: cells, and images in small print</caption>
          <thead>
            <tr>
              <th scope="col">Cell type</th>
              {columns.map((k) => (
                <th key={k} scope="col" className="num">
                  <abbr title={`${24 * k * wide} to ${24 * (k + 1) * wide} hours after seeding`}>{name(k)}</abbr>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {timed.map((group) => (
              <tr key={nameOf(group)}>
                <th scope="row">{nameOf(group)}</th>
                {columns.map((k) => {
                  const own = group.density.filter(({ hours }) => Math.floor(hours / 24 / wide) === k);
                  const images = own.reduce((sum, { images }) => sum + images, 0);
                  const cells = own.reduce((sum, { images, mean }) => sum + Math.round(images * mean), 0);
                  return (
                    <td key={k} className="num">
                      {images === 0 ? (
                        '–'
                      ) : (
                        <>
                          {integer(cells)} <small>{images === 1 ? '1 image' : `${integer(images)} images`}</small>
                        </>
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
      <p className="muted">Cells, and below them the images they are in.</p>
    </details>
  );
}
