import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { Act } from '#app/_components/action-button.tsx';
import { DataTable } from '#app/_components/data-table.tsx';
import { viewer } from '#app/_server/http.ts';
import { listAnnouncements } from '#db/notices/announcements.ts';
import { listTaskRules } from '#db/quota/task-settings.ts';
import { bytes, moment } from '#lib/format.ts';
import { canManageTasks } from '#lib/permissions.ts';
import { quotaInWords } from '#lib/quota.ts';
import { listOpenTasks, parseTask } from '#lib/tasks/index.ts';
import { takeDown } from './actions.ts';
import { AnnounceForm } from './announce-form.tsx';

export const metadata: Metadata = { title: 'Tasks', robots: { index: false } };

const WEEK = 7 * 24 * 3600_000;

export default async function TasksPage() {
  if (!canManageTasks(await viewer())) notFound();
  const [rules, announcements] = await Promise.all([listTaskRules(), listAnnouncements()]);
  const now = new Date();
  const local = (date: Date) => date.toISOString().slice(0, 16);
  return (
    <div className="page">
      <header className="page-head">
        <h1>Tasks</h1>
      </header>
      <DataTable
        label="Table of tasks"
        caption="Tasks and their settings"
        rows={listOpenTasks()}
        rowKey={({ id }) => id}
        columns={[
          { head: 'Task', rowHead: true, cell: ({ id, name }) => <Link href={`/maintain/tasks/${id}`}>{name}</Link> },
          {
            head: 'Submissions',
            cell: ({ id }) => (
              <>
                <span className="badge" data-kind={rules[id].open ? 'good' : 'warn'}>
                  {rules[id].open ? 'open' : 'closed'}
                </span>{' '}
                {rules[id].closedReason}
              </>
            ),
          },
          {
            head: 'Quota',
            cell: ({ id }) => (rules[id].quota.limit === null ? 'no limit' : quotaInWords(rules[id].quota)),
          },
          { head: 'Largest file', num: true, cell: ({ id }) => bytes(rules[id].maxBytes) },
        ]}
      />
      <section className="section" aria-labelledby="announcements">
        <h2 id="announcements">Announcements</h2>
        <div className="stack">
          {announcements.length === 0 ? (
            <p>There were none yet.</p>
          ) : (
            <DataTable
              label="Table of announcements"
              caption="Announcements, the latest first"
              rows={announcements}
              rowKey={({ id }) => id}
              columns={[
                { head: 'Text', rowHead: true, cell: ({ text }) => text },
                { head: 'Where', cell: ({ task }) => (task ? (parseTask(task)?.name ?? task) : 'every page') },
                { head: 'From', num: true, cell: ({ startsAt }) => moment(startsAt) },
                { head: 'Until', num: true, cell: ({ endsAt }) => moment(endsAt) },
                {
                  head: <span className="visually-hidden">Take down</span>,
                  cell: ({ id, endsAt }) =>
                    endsAt > now ? <Act action={takeDown} values={{ id }} label="Take down" kind="danger" /> : 'over',
                },
              ]}
            />
          )}
          <h3>Announce</h3>
          <AnnounceForm
            // empty the form after each announcement
            key={announcements[0]?.id}
            tasks={listOpenTasks().map(({ id, name }) => ({ id, name }))}
            startsAt={local(now)}
            endsAt={local(new Date(now.getTime() + WEEK))}
          />
        </div>
      </section>
    </div>
  );
}
