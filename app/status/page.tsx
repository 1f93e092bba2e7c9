import type { Metadata } from 'next';
import Link from 'next/link';
import { Live } from '#app/_components/auto-refresh.tsx';
import { DataTable } from '#app/_components/data-table.tsx';
import { type SiteStatus, siteStatus } from '#db/operations/status.ts';
import { age, moment } from '#lib/format.ts';
import type { Component, ComponentState } from '#lib/vocabulary.ts';
import './status.css';

export const metadata: Metadata = {
  title: 'Status',
  description: 'Whether pages, uploads, scoring and e-mail work right now, and what happened lately.',
};

export const dynamic = 'force-dynamic';

const NAMES: Record<Component, string> = {
  pages: 'Pages and API',
  uploads: 'Uploads',
  scoring: 'Scoring',
  mail: 'E-mail',
};

const WORDS: Record<Component, Record<ComponentState, string>> = {
  pages: {
    works: 'Pages and the API answer as usual.',
    slow: 'Pages take longer than usual.',
    down: 'Pages cannot be shown.',
  },
  uploads: {
    works: 'Files are accepted.',
    slow: 'Uploads take longer than usual.',
    down: 'New files are refused: the site has no room for them at the moment. Files that have arrived are safe.',
  },
  scoring: {
    works: 'Submissions are scored.',
    slow: 'Submissions wait longer than usual. None is lost.',
    down: 'Nothing is scored at the moment. Submissions are accepted and scored as soon as scoring is back.',
  },
  mail: {
    works: 'Notices go out by e-mail.',
    slow: 'E-mail goes out late. Notices are on the site.',
    down: 'E-mail does not go out. Notices are on the site.',
  },
};

const STATES: Record<ComponentState, { label: string; kind: string }> = {
  works: { label: 'works', kind: 'good' },
  slow: { label: 'slow', kind: 'warn' },
  down: { label: 'does not work', kind: 'bad' },
};

export default async function StatusPage() {
  const status = await siteStatus();
  return (
    <div className="page status">
      <Live seconds={30} />
      <header className="page-head">
        <h1>Status</h1>
        <p className="alert" role="status" data-kind={status ? STATES[worstOf(status)].kind : 'bad'}>
          {summary(status)}
        </p>
        {status && <p className="muted">Checked {moment(status.checkedAt)}. The page updates itself.</p>}
      </header>
      {status && <Parts status={status} />}
      {status && <History status={status} />}
    </div>
  );
}

function Parts({ status: { components, queue } }: { status: SiteStatus }) {
  return (
    <section className="section" aria-labelledby="now">
      <h2 id="now">Now</h2>
      <DataTable
        label="Parts of the site"
        caption="Parts of the site and how they work"
        rows={components}
        rowKey={({ component }) => component}
        columns={[
          { head: 'Part', rowHead: true, cell: ({ component }) => NAMES[component] },
          {
            head: 'State',
            cell: ({ state }) => (
              <span className="badge" data-kind={STATES[state].kind}>
                {STATES[state].label}
              </span>
            ),
          },
          { head: 'What that means', cell: ({ component, state }) => WORDS[component][state] },
          { head: 'Since', num: true, cell: ({ since }) => (since ? moment(since) : 'not known') },
        ]}
      />
      <p className="prose">
        {queue.active} being scored, {queue.waiting} waiting
        {queue.oldestSeconds !== null && queue.waiting > 0 && `; the first has waited ${age(queue.oldestSeconds)}`}. The{' '}
        <Link href="/queue">queue</Link> has the details.
      </p>
    </section>
  );
}

function History({ status: { incidents, announcements } }: { status: SiteStatus }) {
  return (
    <section className="section" aria-labelledby="lately">
      <h2 id="lately">The last 30 days</h2>
      {incidents.length > 0 ? (
        <DataTable
          label="Disturbances"
          caption="Disturbances of the last 30 days, the latest first"
          rows={incidents}
          rowKey={({ component, since }) => `${component} ${since.getTime()}`}
          columns={[
            { head: 'Part', rowHead: true, cell: ({ component }) => NAMES[component] },
            { head: 'State', cell: ({ state }) => STATES[state].label },
            { head: 'From', num: true, cell: ({ since }) => moment(since) },
            { head: 'Until', num: true, cell: ({ until }) => (until ? moment(until) : 'it lasts') },
            {
              head: 'Lasted',
              num: true,
              cell: ({ since, until }) => age(((until ?? new Date()).getTime() - since.getTime()) / 1000),
            },
          ]}
        />
      ) : (
        <p>No disturbance was recorded.</p>
      )}
      {announcements.length > 0 && (
        <>
          <h3>Announcements</h3>
          <ul>
            {announcements.map(({ text, startsAt }) => (
              <li key={`${startsAt.getTime()} ${text}`}>
                <span className="muted">{moment(startsAt)}</span> {text}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function worstOf({ components }: SiteStatus): ComponentState {
  if (components.some(({ state }) => state === 'down')) return 'down';
  return components.some(({ state }) => state === 'slow') ? 'slow' : 'works';
}

function summary(status: SiteStatus | null): string {
  if (!status)
    return 'The database does not answer. Pages that were shown lately can still be read; nothing that was submitted is lost.';
  const disturbed = status.components.filter(({ state }) => state !== 'works').map(({ component }) => NAMES[component]);
  if (disturbed.length === 0) return 'Everything works.';
  return `Disturbed: ${disturbed.join(', ')}. The operators see this, too.`;
}
