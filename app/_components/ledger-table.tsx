import Link from 'next/link';
import type { LedgerLine } from '#db/quota/ledger.ts';
import { moment } from '#lib/format.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { DataTable } from './data-table.tsx';

const KINDS = { reserved: 'place held', charged: 'charged', returned: 'given back', granted: 'granted' } as const;

interface Props {
  label: string;
  caption: string;
  lines: readonly LedgerLine[];
  withTask?: boolean;
  /** a column that names the person or team of each line */
  holder?: { head: string; name: (line: LedgerLine) => string };
  /** address of a submission's page */
  hrefOf: (submissionId: string) => string;
}

/** Lines of the quota's ledger. */
export function LedgerTable({ label, caption, lines, withTask = false, holder, hrefOf }: Props) {
  return (
    <DataTable
      label={label}
      caption={caption}
      rows={lines}
      rowKey={({ id }) => id}
      columns={[
        { head: 'When', num: true, cell: ({ at }) => moment(at) },
        withTask && { head: 'Task', cell: ({ task }) => parseTask(task)?.name ?? task },
        holder !== undefined && { head: holder.head, cell: holder.name },
        {
          head: 'What',
          cell: ({ kind, amount, expiresAt }) =>
            `${KINDS[kind]}${kind === 'granted' ? `: ${amount}` : ''}${expiresAt ? `, until ${moment(expiresAt)}` : ''}`,
        },
        {
          head: 'Submission',
          cell: ({ submissionId, method }) => (submissionId ? <Link href={hrefOf(submissionId)}>{method}</Link> : '–'),
        },
        { head: 'Reason', cell: ({ reason }) => reason },
      ]}
    />
  );
}
