import type { Metadata } from 'next';
import { headers } from 'next/headers';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { cache } from 'react';
import { EVALUATION_NAMES } from '#app/_components/labels.ts';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { siteOf } from '#app/_server/site.ts';
import { getSnapshot } from '#db/board/snapshots.ts';
import { PROTOCOLS, type ProtocolId } from '#lib/coco/protocol.ts';
import { day, integer, moment } from '#lib/format.ts';
import { citationOf, REDACTION_WORDS, type Redaction, type SnapshotBoard } from '#lib/snapshots.ts';
import { boardColumns } from '#lib/tasks/board-columns.ts';
import { columnName, fillLimits, formatNumber } from '#lib/tasks/columns.ts';
import { parseTask } from '#lib/tasks/index.ts';
import type { Task } from '#lib/tasks/task.ts';

interface Props {
  params: Promise<{ id: string }>;
}

const load = cache(async (id: string) => (await getSnapshot(decodeURIComponent(id).slice(0, 200))) ?? notFound());

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { task, dataset, takenAt, newer } = await load((await params).id);
  const name = parseTask(task)?.name ?? task;
  return {
    title: `${name} on ${day(takenAt)}`,
    description: `The leaderboard of ${name} on ${dataset} as it was on ${day(takenAt)}.`,
    // searches should lead to the board as it is
    ...(newer && { robots: { index: false } }),
  };
}

export default async function SnapshotPage({ params }: Props) {
  const snapshot = await load((await params).id);
  const { id, content, takenAt, confirmedAt, redactions, newer } = snapshot;
  const task = parseTask(snapshot.task);
  const name = task?.name ?? snapshot.task;
  const board = `/leaderboards/${snapshot.task}?${new URLSearchParams({ dataset: snapshot.dataset })}`;
  const site = siteOf({ headers: await headers() });
  const citation = citationOf(snapshot, { task: name, dataset: snapshot.dataset, site });
  const { dataset } = content;
  const shown = content.boards.filter(({ rows }) => rows.length > 0);
  return (
    <div className="page">
      {newer && (
        <p className="alert" data-kind="warn">
          This is the board of {day(takenAt)}. There is a <Link href={`/snapshots/${newer.id}`}>newer version</Link>, of{' '}
          {day(newer.takenAt)}; or see <Link href={board}>the board as it is now</Link>.
        </p>
      )}
      <header className="page-head">
        <p className="eyebrow">Snapshot of {moment(takenAt)}</p>
        <h1>{name}</h1>
        <p className="fact-line">
          <span>On {dataset.name}</span>
          {dataset.demo && <span className="badge">Demo</span>}
          <span>
            {integer(dataset.images)} images
            {dataset.objects > 0 && `, ${integer(dataset.objects)} objects`}
          </span>
          <span>{PROTOCOLS[content.protocol].name}</span>
          <span>{newer ? `Unchanged until ${day(confirmedAt)}` : 'Still what the board shows'}</span>
        </p>
      </header>
      {task && shown.map((one) => <Board key={one.evaluation} board={one} task={task} protocol={content.protocol} />)}
      {shown.length === 0 && <p className="note">On this day no entry stood on the board.</p>}
      <section className="section" aria-labelledby="cite">
        <h2 id="cite">Cite this snapshot</h2>
        <p className="prose">{citation.text}</p>
        <details>
          <summary>BibTeX</summary>
          <pre>
            <code>{citation.bibtex}</code>
          </pre>
        </details>
        <p>
          As <a href={`/api/v1/snapshots/${id}`}>JSON</a>, <a href={`/api/v1/snapshots/${id}?format=csv`}>CSV</a> or{' '}
          <a href={`/api/v1/snapshots/${id}?format=bibtex`}>BibTeX</a>. The digest is the SHA-256 of the canonical JSON
          (RFC 8785) of its member “content”
          {redactions.length > 0 && ', before names were taken out of it'}.
        </p>
        {redactions.length > 0 && <Redactions redactions={redactions} />}
      </section>
      <p className="cluster">
        <Link href={`/snapshots?task=${snapshot.task}`}>Other snapshots of this board</Link>
        <Link href={board}>The board as it is now</Link>
      </p>
    </div>
  );
}

function Redactions({ redactions }: { redactions: readonly Redaction[] }) {
  return (
    <>
      <p>Names were taken out of this snapshot after it was made. Ranks and numbers are those of the day.</p>
      <ul>
        {redactions.map(({ entry, at, reason }) => (
          <li key={`${entry} ${at}`}>
            {day(new Date(at))}: {REDACTION_WORDS[reason]} (<code>{entry}</code>).
          </li>
        ))}
      </ul>
    </>
  );
}

function Board({
  board: { evaluation, rows, verdict },
  task,
  protocol,
}: {
  board: SnapshotBoard;
  task: Task;
  protocol: ProtocolId;
}) {
  const columns = boardColumns(task).filter(({ key }) => rows.some(({ values }) => values[key] !== undefined));
  const title = task.kind.evaluated ? EVALUATION_NAMES[evaluation] : 'Board';
  return (
    <section className="section" aria-labelledby={`board-${evaluation}`}>
      <h2 id={`board-${evaluation}`}>{title}</h2>
      {verdict && <p className="verdict">{verdict}</p>}
      <TableFrame label={`${title}, scrolls sideways`}>
        <table>
          <caption className="visually-hidden">{title} as it was on this day</caption>
          <thead>
            <tr>
              <th scope="col" className="num">
                Rank
              </th>
              <th scope="col">Method</th>
              <th scope="col">Submitter</th>
              {columns.map((column) => (
                <th key={column.key} scope="col" className="num" title={fillLimits(column.title, protocol)}>
                  {fillLimits(columnName(column), protocol)}
                </th>
              ))}
              <th scope="col">Published</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.id}>
                <td className="num" title={row.rankRange ? `${row.rankRange.join(' to ')} on other fields` : undefined}>
                  {row.rank ?? '–'}
                </td>
                <th scope="row">
                  {row.kind === 'entry' ? <Link href={`/entries/${row.id}`}>{row.method}</Link> : row.method}
                  {row.kind === 'reference' && <span className="muted"> as published</span>}
                </th>
                <td>{row.team ?? row.submitter ?? '–'}</td>
                {columns.map((column) => (
                  <td key={column.key} className="num" title={String(row.values[column.key] ?? '')}>
                    {formatNumber(column, row.values[column.key])}
                  </td>
                ))}
                <td>{row.publishedAt ? day(new Date(row.publishedAt)) : '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
    </section>
  );
}
