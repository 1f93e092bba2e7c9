'use client';

/** The numbers of a chart as a table. They come as plain data and are drawn by the server, so they need no script. */
import { TableFrame } from '../table-frame.tsx';

export interface Numbers {
  readonly head: readonly string[];
  /** the first value of each row is its name */
  readonly rows: readonly (readonly string[])[];
}

/** The first column names the rows, the others are numbers. @param linked each column is a series of the drawing */
export function NumbersTable({
  title,
  numbers: { head, rows },
  linked,
}: {
  title: string;
  numbers: Numbers;
  linked?: boolean;
}) {
  return (
    <TableFrame label={`Table: ${title}`}>
      <table className="numbers">
        <caption className="visually-hidden">{title}</caption>
        <thead>
          <tr>
            {head.map((name, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two columns may share a name
              <th key={i} scope="col" data-series={linked && i ? i - 1 : undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, ...cells], r) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two rows may share a name
            <tr key={r}>
              <th scope="row">{name}</th>
              {cells.map((cell, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: as above
                <td key={i} data-series={linked ? i : undefined}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
}
