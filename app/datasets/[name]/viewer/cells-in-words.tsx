/** The annotated cells of an image as a table for browsers without script, at most a hundred on a page. */
import Link from 'next/link';
import { TableFrame } from '#app/_components/table-frame.tsx';
import type { CellRow } from '#app/_server/cells.ts';
import { integer } from '#lib/format.ts';
import { ERROR_KINDS } from '#lib/scoring/error-kinds.ts';

export const CELLS_ON_A_PAGE = 100;

const NOT_FOUND: Readonly<Record<(typeof ERROR_KINDS)[number], string>> = {
  missed: 'missed',
  poorBoundary: 'missed, poor outline',
  split: 'split',
  merge: 'merged',
  duplicate: 'a second outline',
  background: 'false',
};

interface Props {
  cells: { total: number; rows: readonly CellRow[] };
  /** number of the first row, from 0 */
  from: number;
  /** name of the entry that the verdicts are of */
  method: string | null;
  hrefFrom: (from: number) => string;
}

export function CellsInWords({ cells: { total, rows }, from, method, hrefFrom }: Props) {
  const judged = method !== null && rows.some(({ kind }) => kind !== undefined);
  const last = from + rows.length;
  return (
    <section className="section">
      <h2>Annotated cells</h2>
      <p className="muted">
        {rows.length === 0
          ? `There are ${integer(total)} on this image.`
          : `${integer(from + 1)} to ${integer(last)} of ${integer(total)}.`}{' '}
        {from > 0 && <Link href={hrefFrom(Math.max(0, from - CELLS_ON_A_PAGE))}>Cells before</Link>}{' '}
        {last < total && <Link href={hrefFrom(last)}>Cells after</Link>}
      </p>
      <TableFrame label="Annotated cells of this image">
        <table>
          <caption className="visually-hidden">Annotated cells of this image</caption>
          <thead>
            <tr>
              <th scope="col">Cell</th>
              <th scope="col" className="num">
                x, y
              </th>
              <th scope="col" className="num">
                Width × height
              </th>
              <th scope="col" className="num">
                Pixels
              </th>
              {judged && <th scope="col">By {method}</th>}
              {judged && (
                <th scope="col" className="num">
                  Best IoU
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ number, crowd, x, y, width, height, pixels, kind, bestIou }) => (
              <tr key={number}>
                <th scope="row">
                  t{number}
                  {crowd && ', a crowd'}
                </th>
                <td className="num">
                  {x}, {y}
                </td>
                <td className="num">
                  {width} × {height}
                </td>
                <td className="num">{integer(pixels)}</td>
                {judged && <td>{verdictOf(kind)}</td>}
                {judged && <td className="num">{bestIou === undefined ? '–' : bestIou.toFixed(2)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
    </section>
  );
}

function verdictOf(kind: number | undefined): string {
  if (kind === undefined) return '–';
  if (kind === 0) return 'found';
  const name = ERROR_KINDS[kind - 1];
  return name ? NOT_FOUND[name] : 'does not count';
}
