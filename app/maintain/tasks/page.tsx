import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { Act } from '#app/_components/action-button.tsx';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { viewer } from '#app/_server/http.ts';
import { listAnnouncements } from '#db/notices/announcements.ts';
import { listTaskRules } from '#db/quota/task-settings.ts';
import { bytes, moment } from '#lib/format.ts';
import { canManageTasks } from '#lib/permissions.ts';
import { quotaInWords } from '#lib/quota.ts';
import { OPEN_TASKS, parseTask } from '#lib/tasks/index.ts';
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
      <TableFrame label="Table of tasks">
        <table>
          <caption className="visually-hidden">Tasks and what is set for them</caption>
          <thead>
            <tr>
              <th scope="col">Task</th>
              <th scope="col">Submissions</th>
              <th scope="col">Quota</th>
              <th scope="col" className="num">
                Largest file
              </th>
            </tr>
          </thead>
          <tbody>
            {OPEN_TASKS.map(({ id, name }) => {
              const { open, closedReason, quota, maxBytes } = rules[id];
              return (
                <tr key={id}>
                  <th scope="row">
                    <Link href={`/maintain/tasks/${id}`}>{name}</Link>
                  </th>
                  <td>
                    <span className="badge" data-kind={open ? 'good' : 'warn'}>
                      {open ? 'open' : 'closed'}
                    </span>{' '}
                    {closedReason}
                  </td>
                  <td>{quota.limit === null ? 'no limit' : quotaInWords(quota)}</td>
                  <td className="num">{bytes(maxBytes)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </TableFrame>
      <section className="section" aria-labelledby="announcements">
        <h2 id="announcements">Announcements</h2>
        <div className="stack">
          {announcements.length === 0 ? (
            <p>There were none yet.</p>
          ) : (
            <TableFrame label="Table of announcements">
              <table>
                <caption className="visually-hidden">Announcements, the latest first</caption>
                <thead>
                  <tr>
                    <th scope="col">Text</th>
                    <th scope="col">Where</th>
                    <th scope="col" className="num">
                      From
                    </th>
                    <th scope="col" className="num">
                      Until
                    </th>
                    <th scope="col">
                      <span className="visually-hidden">Take down</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {announcements.map(({ id, task, text, startsAt, endsAt }) => (
                    <tr key={id}>
                      <th scope="row">{text}</th>
                      <td>{task ? (parseTask(task)?.name ?? task) : 'every page'}</td>
                      <td className="num">{moment(startsAt)}</td>
                      <td className="num">{moment(endsAt)}</td>
                      <td>
                        {endsAt > now ? (
                          <Act action={takeDown} values={{ id }} label="Take down" kind="danger" />
                        ) : (
                          'over'
                        )}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </TableFrame>
          )}
          <h3>Announce</h3>
          <AnnounceForm
            // empty again after each announcement
            key={announcements[0]?.id}
            tasks={OPEN_TASKS.map(({ id, name }) => ({ id, name }))}
            startsAt={local(now)}
            endsAt={local(new Date(now.getTime() + WEEK))}
          />
        </div>
      </section>
    </div>
  );
}
