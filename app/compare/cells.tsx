/** Cells × entries: which of the entries find the same cells. */
import Link from 'next/link';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { imagesWithPattern, type WholeComparison } from '#app/_server/comparison.ts';
import { parsePattern, patternInWords } from '#lib/board/comparison.ts';
import { integer } from '#lib/format.ts';
import { CELL_TYPE_NAMES } from '#lib/livecell/cell-types.ts';
import { type CompareView, compareHref } from './view.ts';

/** With more entries, only cells found by all, by none and by one alone have a column. */
const ALL_PATTERNS_UP_TO = 3;
const MOST_IMAGES = 50;

export function CellsByEntry({ comparison, view }: { comparison: WholeComparison; view: CompareView }) {
  const { entries, cells, truthIsPublic } = comparison;
  const methods = entries.map(({ method }) => method);
  if (cells.length === 0)
    return (
      <section className="section">
        <h2>The same cells?</h2>
        <p className="prose muted">
          What became of each cell is stored since evaluator 1.2.0, for the evaluation by masks where there are masks.
          At least one of these entries has no such file yet: it gets one when it is scored again.
        </p>
      </section>
    );
  const patterns = Object.keys(cells[0].patterns)
    .filter((name) => entries.length <= ALL_PATTERNS_UP_TO || isTelling(name))
    .sort((a, b) => ones(b) - ones(a) || b.localeCompare(a));
  return (
    <section className="section" id="cells">
      <h2>The same cells?</h2>
      <p className="prose muted">
        A cell is found if an outline at or above the entry’s own score threshold (the one of its best F1) matches it at
        IoU 0.50. κ measures how far two entries err on the same cells: 0 is as often as by chance, 1 means that they
        find exactly the same cells.{' '}
        {truthIsPublic
          ? 'Each number links to its cells, and each cell to its place in the viewer.'
          : 'This ground truth is not public: counts are rounded to tens, and fewer than 50 cells are not told.'}
      </p>
      <TableFrame label="Cells by who found them">
        <table>
          <caption className="visually-hidden">Cells by who found them, and error consistency</caption>
          <thead>
            <tr>
              <th scope="col">Cell type</th>
              <th scope="col" className="num">
                Cells
              </th>
              {patterns.map((name) => (
                <th key={name} scope="col" className="num">
                  {patternInWords(name, methods).replace(/^f/, 'F')}
                </th>
              ))}
              {cells[0].kappa.map(({ first, second }) => (
                <th key={`${first} ${second}`} scope="col" className="num">
                  κ{entries.length > 2 && ` ${methods[first]}, ${methods[second]}`}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {cells.map(({ cellType, objects, patterns: counts, kappa }) => (
              <tr key={cellType ?? ''} className={cellType === null ? 'totals' : undefined}>
                <th scope="row">{cellType ? CELL_TYPE_NAMES[cellType] : 'All'}</th>
                <td className="num">{integer(objects)}</td>
                {patterns.map((name) => (
                  <td key={name} className="num">
                    {counts[name] === null ? (
                      <span title="fewer than 50 cells are not told">–</span>
                    ) : truthIsPublic && counts[name] > 0 ? (
                      <Link
                        href={`${compareHref(view, { found: name, type: cellType ?? undefined })}#images`}
                        prefetch={false}
                      >
                        {integer(counts[name])}
                      </Link>
                    ) : (
                      integer(counts[name])
                    )}
                  </td>
                ))}
                {kappa.map((pair) => (
                  <td key={`${pair.first} ${pair.second}`} className="num">
                    {pair.kappa === null ? '–' : pair.kappa.toFixed(2).replace('-', '−')}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
    </section>
  );
}

const ones = (name: string): number => [...name].filter((bit) => bit === '1').length;

function isTelling(name: string): boolean {
  return ones(name) <= 1 || ones(name) === name.length;
}

/** The cells of one number of the table, image by image, each a link to itself in the viewer. */
export async function ImagesOf({ comparison, view }: { comparison: WholeComparison; view: CompareView }) {
  const { entries, evaluation } = comparison;
  const pattern = parsePattern(view.found, entries.length);
  if (pattern === null) return null;
  const cellType = view.type ?? null;
  const query = { ids: view.ids, protocol: view.protocol, evaluation };
  const images = await imagesWithPattern(query, { pattern, cellType });
  const who = patternInWords(
    view.found!,
    entries.map(({ method }) => method),
  );
  const words = cellType ? `of ${CELL_TYPE_NAMES[cellType]} ${who}` : who;
  const hrefOf = (index: number, cell?: number) => {
    const params = new URLSearchParams({ image: String(index), a: view.ids[0], b: view.ids[1] });
    if (cell !== undefined) params.set('cell', `t${cell}`);
    return `/datasets/${encodeURIComponent(comparison.dataset)}/viewer?${params}`;
  };
  const total = images.reduce((sum, { cells }) => sum + cells, 0);
  return (
    <section className="section" id="images">
      <h2>Cells {words}</h2>
      <p className="prose muted">
        {integer(total)} cells on {integer(images.length)} images
        {images.length > MOST_IMAGES && `; the ${MOST_IMAGES} images with most of them`}. A cell’s number shows it in
        the viewer, with the first two entries where their owners show their cells.
      </p>
      <TableFrame label={`Images with cells ${words}`}>
        <table>
          <caption className="visually-hidden">Images with cells {words}</caption>
          <thead>
            <tr>
              <th scope="col">Image</th>
              <th scope="col" className="num">
                Such cells
              </th>
              <th scope="col" className="num">
                All cells
              </th>
              <th scope="col">Which</th>
            </tr>
          </thead>
          <tbody>
            {images.slice(0, MOST_IMAGES).map(({ image, index, cells, first, objects }) => (
              <tr key={index}>
                <th scope="row">
                  <Link href={hrefOf(index)} prefetch={false}>
                    {image}
                  </Link>
                </th>
                <td className="num">{integer(cells)}</td>
                <td className="num">{integer(objects)}</td>
                <td className="cell-links">
                  {first.map((cell) => (
                    <Link
                      key={cell}
                      href={hrefOf(index, cell)}
                      prefetch={false}
                      aria-label={`Cell t${cell} of ${image}`}
                    >
                      t{cell}
                    </Link>
                  ))}
                  {cells > first.length && <span className="muted">and {integer(cells - first.length)} more</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
    </section>
  );
}
