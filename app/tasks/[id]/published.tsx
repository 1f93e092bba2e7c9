/**
 * The published results of a task, each with protocol and source: first those comparable with the board, then the rest.
 */

import { EVALUATION_NAMES } from '#app/_components/labels.ts';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { OTHER_PROTOCOL } from '#db/datasets/reference-results.ts';
import type { ReferenceResult } from '#db/schema.ts';
import { exact } from '#lib/format.ts';
import { CELL_TYPE_NAMES, parseCellType } from '#lib/livecell/cell-types.ts';
import { type Column, columnName, formatNumber } from '#lib/tasks/columns.ts';
import type { Task } from '#lib/tasks/task.ts';

export function Published({ task, results }: { task: Task; results: readonly ReferenceResult[] }) {
  const comparable = results.filter((row) => row.comparable !== OTHER_PROTOCOL);
  const others = results.filter((row) => row.comparable === OTHER_PROTOCOL);
  if (results.length === 0) return <p className="prose muted">None are registered here.</p>;
  return (
    <>
      {comparable.length > 0 && <Rows title="On the board, marked, never ranked" task={task} results={comparable} />}
      {others.length > 0 && (
        <>
          <h3>By other protocols or on other splits</h3>
          <p className="prose muted">
            Not comparable with this board, nor all of them with each other; they stand here and nowhere else.
          </p>
          <Rows title="By other protocols or on other splits" task={task} results={others} />
        </>
      )}
    </>
  );
}

function Rows({ title, task, results }: { title: string; task: Task; results: readonly ReferenceResult[] }) {
  return (
    <TableFrame label={`Table: ${title}, scrolls sideways`}>
      <table className="task-published">
        <caption className="visually-hidden">{title}</caption>
        <thead>
          <tr>
            {['Method', 'Subset', 'Published', 'Protocol', 'Source'].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {byMethodAndSubset(results).map((rows) => (
            <tr key={rows[0].id}>
              <th scope="row">{rows[0].method}</th>
              <td>{subsetName(rows[0].subset)}</td>
              <td>
                <ul>
                  {rows.map((row) => (
                    <li key={row.id} title={exact(row.value)}>
                      {task.kind.evaluated && `${EVALUATION_NAMES[row.evaluation]}, `}
                      {columnOf(task, row)?.label ?? row.metric.replace('AR.', 'AR@')} <b>{shown(task, row)}</b>
                    </li>
                  ))}
                </ul>
              </td>
              <td>{sentences(rows.map(({ protocol }) => protocol)) || 'not stated'}</td>
              <td>
                {[...new Set(rows.map(({ source }) => source))].map((source) => (
                  <p key={source}>
                    <Source of={source} />
                  </p>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
}

/** Group rows by method and subset, masks before boxes; numeric subsets in numeric order. */
function byMethodAndSubset(results: readonly ReferenceResult[]): ReferenceResult[][] {
  const groups = new Map<string, ReferenceResult[]>();
  for (const row of results) {
    const key = `${row.method}\n${row.subset}`;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  const sorted = [...groups.values()].map((rows) =>
    rows.toSorted((a, b) => Number(a.evaluation === 'bbox') - Number(b.evaluation === 'bbox')),
  );
  return sorted.toSorted(
    ([a], [b]) => a.method.localeCompare(b.method, 'en') || a.subset.localeCompare(b.subset, 'en', { numeric: true }),
  );
}

/** Return each remark once. */
function sentences(protocols: readonly string[]): string {
  const remarks = protocols.flatMap((protocol) => protocol.split('; ')).filter(Boolean);
  return [...new Set(remarks)].join(' · ');
}

function subsetName(subset: string): string {
  const type = parseCellType(subset);
  if (type) return CELL_TYPE_NAMES[type];
  return /^\d+$/.test(subset) ? `${subset} % of the training images` : subset;
}

/** Return the board column of a published number: the one of its subset, or its own. */
function columnOf(task: Task, { metric, subset }: ReferenceResult): Pick<Column, 'label' | 'format'> | undefined {
  const ofSubset = task.columns.find(({ key }) => key === `${metric}-${subset}`);
  // the full name: for a pair of cell types it says which is which
  if (ofSubset) return { format: ofSubset.format, label: columnName(ofSubset) };
  return task.columns.find(({ key }) => key === metric);
}

/** Format a number with its published digits. */
function shown(task: Task, row: ReferenceResult): string {
  const format = columnOf(task, row)?.format ?? 'percent';
  const text = formatNumber({ format }, row.value);
  if (format === 'integer') return text;
  const plain = text.replace(/\.?0+$/, '');
  return format === 'percent' ? `${plain} %` : plain;
}

/** An address, possibly followed by a remark, or only words. */
function Source({ of }: { of: string }) {
  const [first, ...rest] = of.split(' ');
  if (!/^https?:/.test(first)) return <>{of}</>;
  const address = new URL(first.replace(/;$/, ''));
  const where = address.pathname.split('/').filter(Boolean).slice(0, 2).join('/');
  return (
    <>
      <a href={address.href}>{`${address.hostname}${where && `/${where}`}`}</a> {rest.join(' ')}
    </>
  );
}
