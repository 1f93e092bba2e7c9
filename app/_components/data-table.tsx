import type { ReactNode } from 'react';
import { TableFrame } from './table-frame.tsx';

interface DataColumn<Row> {
  head: ReactNode;
  cell: (row: Row, index: number) => ReactNode;
  /** numbers and times: aligned to the right, all digits of one width */
  num?: boolean;
  /** the cell names its row: a row header */
  rowHead?: boolean;
  className?: string;
}

interface Props<Row> {
  /** name of the scrolling frame, for screen readers */
  label: string;
  caption: ReactNode;
  /** show the caption above the table; otherwise only screen readers read it */
  captionShown?: boolean;
  className?: string;
  /** entries that are `false` are left out, so that a condition can stand in the list */
  columns: readonly (DataColumn<Row> | false)[];
  rows: readonly Row[];
  rowKey: (row: Row, index: number) => string | number;
}

/** A plain table, described by its columns. Tables with grouped heads or merged cells are written out. */
export function DataTable<Row>({ label, caption, captionShown, className, columns, rows, rowKey }: Props<Row>) {
  const shown = columns.filter((column) => column !== false);
  return (
    <TableFrame label={label}>
      <table className={className}>
        <caption className={captionShown ? undefined : 'visually-hidden'}>{caption}</caption>
        <thead>
          <tr>
            {shown.map(({ head, num }, c) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: columns have no other name, and do not move
              <th key={c} scope="col" className={num ? 'num' : undefined}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, r) => (
            <tr key={rowKey(row, r)}>
              {shown.map(({ cell, num, rowHead, className }, c) => {
                const props = { className: className ?? (num ? 'num' : undefined), children: cell(row, r) };
                // biome-ignore lint/suspicious/noArrayIndexKey: as above
                return rowHead ? <th key={c} scope="row" {...props} /> : <td key={c} {...props} />;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
}
