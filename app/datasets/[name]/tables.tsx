import { TableFrame } from '#app/_components/table-frame.tsx';
import type { DatasetStatistics, GroupStatistics } from '#lib/datasets/statistics.ts';
import { integer } from '#lib/format.ts';
import { CELL_LINES } from '#lib/livecell/cell-lines.ts';
import { CELL_TYPE_NAMES } from '#lib/livecell/cell-types.ts';
import { SPLIT_NAMES, type Split } from '#lib/livecell/splits.ts';

/** Name the single group of a data set whose file names give no cell type. */
export function named({ groups, ...statistics }: DatasetStatistics): DatasetStatistics {
  const alone = groups.length === 1 && !statistics.withheld && groups[0].cellType === null;
  return { ...statistics, groups: alone ? [{ ...groups[0], name: 'All images' } as GroupStatistics] : groups };
}

export function nameOf({ cellType, name = 'Other images' }: GroupStatistics & { name?: string }): string {
  return cellType ? CELL_TYPE_NAMES[cellType] : name;
}

export function hours(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** The paper's Table 1: the cell types and their numbers of cells. */
export function CellTypes({ statistics }: { statistics: DatasetStatistics }) {
  const { groups, withheld } = statistics;
  const lines = groups.some(({ cellType }) => cellType);
  const twice = groups.some(({ images, files }) => images !== files);
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
                {lines && (
                  <>
                    <th scope="col">Origin</th>
                    <th scope="col">Appearance</th>
                  </>
                )}
                <th scope="col" className="num">
                  Images
                </th>
                {twice && (
                  <th scope="col" className="num">
                    <abbr title="Some files are listed under two ids">Files</abbr>
                  </th>
                )}
                <th scope="col">Wells</th>
                <th scope="col" className="num">
                  <abbr title="Time points, and hours since seeding of the first and the last">Times</abbr>
                </th>
                <th scope="col" className="num">
                  Cells
                </th>
                <th scope="col" className="num">
                  <abbr title="Mean ± standard deviation">Cells per image</abbr>
                </th>
              </tr>
            </thead>
            <tbody>
              {groups.map((group) => {
                const { cellType, images, files, wells, time, objects, cellsPerImage } = group;
                return (
                  <tr key={nameOf(group)}>
                    <th scope="row">{nameOf(group)}</th>
                    {lines && (
                      <>
                        <td className="prose-cell">{cellType ? CELL_LINES[cellType].origin : '–'}</td>
                        <td className="prose-cell">{cellType ? CELL_LINES[cellType].appearance : '–'}</td>
                      </>
                    )}
                    <td className="num">{integer(images)}</td>
                    {twice && <td className="num">{integer(files)}</td>}
                    <td>{wells.join(', ') || '–'}</td>
                    <td className="num">
                      {time ? `${time.points} (${hours(time.first)}–${hours(time.last)} h)` : '–'}
                    </td>
                    <td className="num">{integer(objects)}</td>
                    <td className="num">
                      {cellsPerImage.mean.toFixed(1)}
                      {cellsPerImage.sd !== null && ` ± ${cellsPerImage.sd.toFixed(1)}`}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </TableFrame>
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
          heading={several}
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
function ByDay({ title, heading, groups }: { title: string; heading: boolean; groups: readonly GroupStatistics[] }) {
  const timed = groups.filter(({ density }) => density.length > 0);
  const last = Math.max(...timed.flatMap(({ density }) => density.map(({ hours }) => Math.floor(hours / 24))));
  const wide = Math.ceil((last + 1) / MOST_COLUMNS);
  const columns = Array.from({ length: Math.ceil((last + 1) / wide) }, (_, k) => k);
  const name = (k: number) => (wide === 1 ? `Day ${k + 1}` : `Days ${k * wide + 1}–${(k + 1) * wide}`);
  return (
    <div className="by-day">
      {heading && <h3>{title}</h3>}
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
    </div>
  );
}
