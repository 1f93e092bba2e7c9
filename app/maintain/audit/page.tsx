import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { DataTable } from '#app/_components/data-table.tsx';
import { viewer } from '#app/_server/http.ts';
import { type AuditLine, listAudit } from '#db/audit.ts';
import { AUDIT_KINDS, auditChanges, auditReason, auditSentence } from '#lib/audit.ts';
import { integer, moment } from '#lib/format.ts';
import { canReadAudit } from '#lib/permissions.ts';
import { Pages } from '../pages.tsx';
import { type Params, pageOf } from '../params.ts';
import { filterHref, isoDay, parseFilter } from './filter.ts';
import { columnInWords, valueInWords } from './words.ts';

interface Props {
  searchParams: Promise<Params>;
}

export const metadata: Metadata = { title: 'Audit log', robots: { index: false } };

const SIZE = 100;

export default async function AuditPage({ searchParams }: Props) {
  if (!canReadAudit(await viewer())) notFound();
  const params = await searchParams;
  const filter = parseFilter(params);
  const page = pageOf(params.page);
  const { lines, total } = await listAudit(filter, { page, size: SIZE });
  const file = (format: string) => filterHref('/maintain/audit/export', filter, { format });
  return (
    <div className="page">
      <header className="page-head">
        <h1>Audit log</h1>
        <p className="lead">
          Every decision and every change of an entry. Lines are only ever added: the database refuses to change or
          remove one.
        </p>
      </header>
      <form method="get" className="inline audit-filter" aria-label="Filter">
        <label>
          What
          <select name="kind" defaultValue={filter.kind ?? ''}>
            <option value="">anything</option>
            {AUDIT_KINDS.map((kind) => (
              <option key={kind} value={kind}>
                {kind.replaceAll('-', ' ')}
              </option>
            ))}
          </select>
        </label>
        <label>
          Who, or to whom
          <input name="person" defaultValue={filter.person} placeholder="Name or e-mail" />
        </label>
        <label>
          Submission
          <input name="submission" defaultValue={filter.submission} placeholder="Its id" />
        </label>
        <label>
          From
          <input type="date" name="from" defaultValue={isoDay(filter.from)} />
        </label>
        <label>
          To
          <input type="date" name="to" defaultValue={isoDay(filter.to)} />
        </label>
        <label>
          Text
          <input type="search" name="text" defaultValue={filter.text} placeholder="Method, reason, value" />
        </label>
        <button type="submit">Filter</button>
        {Object.values(filter).some(Boolean) && <Link href="/maintain/audit">Show all</Link>}
      </form>
      <p className="board-foot">
        <span className="muted num">
          {integer(total)} {total === 1 ? 'line' : 'lines'}, times in UTC
        </span>
        <span>
          These lines as <a href={file('csv')}>CSV</a> or <a href={file('jsonl')}>JSON lines</a>
        </span>
      </p>
      {total > 0 && (
        <DataTable
          label="Table of the audit log"
          caption="The audit log, the newest first"
          className="audit"
          rows={lines}
          rowKey={({ id }) => id}
          columns={[
            { head: 'When', className: 'num', cell: ({ at }) => <time dateTime={at.toISOString()}>{moment(at)}</time> },
            {
              head: 'Who',
              cell: ({ actorId, actorName }) =>
                actorId ? (
                  <Link href={filterHref('/maintain/audit', { person: actorId })}>
                    {actorName ?? 'Someone who has left'}
                  </Link>
                ) : (
                  'The site'
                ),
            },
            { head: 'What', cell: ({ event }) => auditSentence(event) },
            { head: 'About', cell: (line) => <About line={line} /> },
            {
              head: 'Why',
              className: 'words',
              cell: ({ event }) => (event.kind === 'hidden' ? '' : auditReason(event)),
            },
            { head: 'Before → after', className: 'words', cell: (line) => <Changes line={line} /> },
          ]}
        />
      )}
      <Pages
        page={page}
        size={SIZE}
        total={total}
        href={(n) => filterHref('/maintain/audit', filter, { page: n === 1 ? undefined : String(n) })}
      />
    </div>
  );
}

function About({ line: { submissionId, method, subject } }: { line: AuditLine }) {
  if (submissionId)
    return <Link href={`/maintain/entries/${submissionId}`}>{method ?? 'A submission that is gone'}</Link>;
  if (subject) return <Link href={`/maintain/people/${subject.id}`}>{subject.name ?? 'Someone'}</Link>;
  return null;
}

function Changes({ line: { event } }: { line: AuditLine }) {
  const changes = Object.entries(auditChanges(event));
  if (changes.length === 0) return null;
  return (
    <ul>
      {changes.map(([column, { before, after }]) => (
        <li key={column}>
          {columnInWords(column)}: {valueInWords(before)} → {valueInWords(after)}
        </li>
      ))}
    </ul>
  );
}
