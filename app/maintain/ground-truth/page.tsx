import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { Live } from '#app/_components/auto-refresh.tsx';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { groundTruthSlots } from '#app/_server/ground-truth.ts';
import { viewer } from '#app/_server/http.ts';
import { listDatasets } from '#db/datasets/datasets.ts';
import { listImports } from '#db/rescore/ground-truth.ts';
import { listRescores } from '#db/rescore/rescore.ts';
import { day, integer } from '#lib/format.ts';
import { canManageGroundTruth } from '#lib/permissions.ts';
import { OPEN_TASKS, parseTask } from '#lib/tasks/index.ts';
import { RegisterForm } from './forms.tsx';
import { Imports } from './progress.tsx';

export const metadata: Metadata = { title: 'Ground truth', robots: { index: false } };

export default async function GroundTruthPage() {
  if (!canManageGroundTruth(await viewer())) notFound();
  const [datasets, running, imports] = await Promise.all([
    listDatasets(),
    listRescores({ running: true }),
    listImports(),
  ]);
  const moving = running.length > 0 || imports.some(({ state }) => state === 'waiting' || state === 'running');
  return (
    <div className="page">
      {moving && <Live seconds={3} />}
      <header className="page-head">
        <h1>Ground truth</h1>
        <p className="muted prose">
          What submissions are scored against. Annotations that are not public are never served: these pages show
          digests and counts.
        </p>
      </header>
      {datasets.length === 0 ? (
        <p>Nothing is registered yet.</p>
      ) : (
        <TableFrame label="Table of ground truth">
          <table>
            <caption className="visually-hidden">Registered ground truth</caption>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Task</th>
                <th scope="col" className="num">
                  Version
                </th>
                <th scope="col" className="num">
                  Images
                </th>
                <th scope="col" className="num">
                  Objects
                </th>
                <th scope="col">Annotations</th>
                <th scope="col">Scores</th>
                <th scope="col" className="num">
                  Registered
                </th>
              </tr>
            </thead>
            <tbody>
              {datasets.map(({ id, name, task, version, images, objects, public: isPublic, demo, createdAt }) => {
                const rescore = running.find(({ datasetId }) => datasetId === id);
                return (
                  <tr key={id}>
                    <th scope="row">
                      <Link href={`/maintain/ground-truth/${id}`}>{name}</Link>{' '}
                      {demo && <span className="badge">Demo</span>}
                    </th>
                    <td>{parseTask(task)?.name ?? task}</td>
                    <td className="num">{integer(version)}</td>
                    <td className="num">{integer(images)}</td>
                    <td className="num">{integer(objects)}</td>
                    <td>{isPublic ? 'public' : 'not public'}</td>
                    <td>
                      {!rescore ? (
                        'current'
                      ) : rescore.counts.failed > 0 && rescore.counts.waiting === 0 ? (
                        <span className="badge" data-kind="warn">
                          needs a decision
                        </span>
                      ) : (
                        <span className="badge" data-kind="info">
                          {integer(rescore.counts.waiting)} to be scored again
                        </span>
                      )}
                    </td>
                    <td className="num">
                      <time dateTime={createdAt.toISOString()}>{day(createdAt)}</time>
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </TableFrame>
      )}
      {imports.length > 0 && (
        <section className="section" aria-labelledby="sent-in">
          <h2 id="sent-in">Sent in lately</h2>
          <Imports imports={imports} />
        </section>
      )}
      <section className="section" aria-labelledby="register">
        <h2 id="register">Register</h2>
        <RegisterForm
          // empty again after each one
          key={imports[0]?.id}
          tasks={OPEN_TASKS.filter(({ id, groundTruth }) => id === groundTruth).map(({ id, name }) => ({
            id,
            name,
            slots: groundTruthSlots(id),
          }))}
        />
      </section>
    </div>
  );
}
