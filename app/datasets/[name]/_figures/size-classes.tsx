import { PROTOCOL_LABELS } from '#app/_components/labels.ts';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { PROTOCOLS } from '#lib/coco/protocol.ts';
import type { GroupStatistics } from '#lib/datasets/statistics.ts';
import { integer } from '#lib/format.ts';
import { nameOf } from '../tables.tsx';

export const CLASSES = ['Small', 'Medium', 'Large'] as const;
const LIVECELL = ['livecell-paper', 'livecell-code'] as const;

/** Cells of each size class, by the paper's limits and by those of the authors' code. */
export function SizeClasses({ groups }: { groups: readonly GroupStatistics[] }) {
  return (
    <TableFrame label="Table of size classes, scrolls sideways">
      <table>
        <caption className="visually-hidden">Share of small, medium and large cells of each type</caption>
        <thead>
          <tr className="groups">
            <td colSpan={2} />
            {LIVECELL.map((id) => (
              <th key={id} scope="colgroup" colSpan={3}>
                {PROTOCOL_LABELS[id]}, % of cells
              </th>
            ))}
          </tr>
          <tr>
            <th scope="col">Cell type</th>
            <th scope="col" className="num">
              <abbr title="Of the areas given in the annotations">Median area, px</abbr>
            </th>
            {LIVECELL.flatMap((id) =>
              CLASSES.map((name, c) => (
                <th key={id + name} scope="col" className="num">
                  <abbr title={limits(id, c)}>{name}</abbr>
                </th>
              )),
            )}
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <tr key={nameOf(group)}>
              <th scope="row">{nameOf(group)}</th>
              <td className="num">{group.area.median === null ? '–' : integer(group.area.median)}</td>
              {LIVECELL.flatMap((id) =>
                CLASSES.map((name, c) => (
                  <td key={id + name} className="num" title={`${integer(group.sizeClasses[id][c])} cells`}>
                    {share(group.sizeClasses[id][c], group.objects)}
                  </td>
                )),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
}

function limits(id: (typeof LIVECELL)[number], c: number): string {
  const { min, max } = PROTOCOLS[id].areaRanges[c + 1];
  if (c === 0) return `up to ${integer(max)} px`;
  if (c === 2) return `from ${integer(min)} px`;
  return `${integer(min)} to ${integer(max)} px`;
}

/** `count` as a share of `of`, in per cent with one decimal. */
export function share(count: number, of: number): string {
  return of > 0 ? ((100 * count) / of).toFixed(1) : '–';
}
