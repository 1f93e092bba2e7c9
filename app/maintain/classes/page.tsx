import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { viewer } from '#app/_server/http.ts';
import { listDatasets } from '#db/datasets/datasets.ts';
import { isFrozen, listClasses } from '#db/people/classes.ts';
import { day, integer } from '#lib/format.ts';
import { canManageClasses } from '#lib/permissions.ts';
import { listOpenTasks, parseTask } from '#lib/tasks/index.ts';
import { ClassForm } from './class-form.tsx';

export const metadata: Metadata = { title: 'Classes', robots: { index: false } };

export default async function ClassesPage() {
  if (!canManageClasses(await viewer())) notFound();
  const [classes, ...sets] = await Promise.all([
    listClasses(),
    ...listOpenTasks().map(async (task) => ({ task, datasets: await listDatasets({ task: task.id }) })),
  ]);
  return (
    <div className="page">
      <header className="page-head">
        <h1>Classes</h1>
        <p className="lead">
          Private boards for courses and workshops. People join with a code, submit as everybody does, and see each
          other’s best scores; nothing of it is public.
        </p>
      </header>
      {classes.length === 0 ? (
        <p>There is no class yet.</p>
      ) : (
        <TableFrame label="Classes, scrolls sideways">
          <table>
            <caption className="visually-hidden">Classes</caption>
            <thead>
              <tr>
                <th scope="col">Class</th>
                <th scope="col">Works on</th>
                <th scope="col" className="num">
                  Members
                </th>
                <th scope="col">State</th>
                <th scope="col">Made</th>
              </tr>
            </thead>
            <tbody>
              {classes.map((one) => (
                <tr key={one.id}>
                  <th scope="row">
                    <Link href={`/classes/${one.id}`}>{one.name}</Link>
                  </th>
                  <td>
                    {parseTask(one.task)?.name ?? one.task}, {one.dataset}
                  </td>
                  <td className="num">{integer(one.members)}</td>
                  <td>{isFrozen(one) ? 'new scores hidden' : one.revealedAt ? 'revealed' : 'open'}</td>
                  <td>{day(one.createdAt)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableFrame>
      )}
      <section className="section" aria-labelledby="new">
        <h2 id="new">New class</h2>
        <ClassForm
          choices={sets.flatMap(({ task, datasets }) =>
            datasets.map(({ id, name }) => ({ value: `${task.id}/${id}`, label: `${task.name} on ${name}` })),
          )}
        />
      </section>
    </div>
  );
}
