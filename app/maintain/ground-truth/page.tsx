import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { Live } from '#app/_components/auto-refresh.tsx';
import { DataTable } from '#app/_components/data-table.tsx';
import { groundTruthSlots } from '#app/_server/ground-truth.ts';
import { viewer } from '#app/_server/http.ts';
import { listDatasets } from '#db/datasets/datasets.ts';
import { listImports } from '#db/rescore/ground-truth.ts';
import { listRescores, type RescoreLine } from '#db/rescore/list.ts';
import { day, integer } from '#lib/format.ts';
import { canManageGroundTruth } from '#lib/permissions.ts';
import { listOpenTasks, parseTask } from '#lib/tasks/index.ts';
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
        <p>
          Nothing is registered yet, so nothing can be scored. Register a file below, or larger ones with{' '}
          <code>livecell import-ground-truth</code>.
        </p>
      ) : (
        <DataTable
          label="Table of ground truth"
          caption="Registered ground truth"
          rows={datasets}
          rowKey={({ id }) => id}
          columns={[
            {
              head: 'Name',
              rowHead: true,
              cell: ({ id, name, demo }) => (
                <>
                  <Link href={`/maintain/ground-truth/${id}`}>{name}</Link>{' '}
                  {demo && <span className="badge">Demo</span>}
                </>
              ),
            },
            { head: 'Task', cell: ({ task }) => parseTask(task)?.name ?? task },
            { head: 'Version', num: true, cell: ({ version }) => integer(version) },
            { head: 'Images', num: true, cell: ({ images }) => integer(images) },
            { head: 'Objects', num: true, cell: ({ objects }) => integer(objects) },
            { head: 'Annotations', cell: (dataset) => (dataset.public ? 'public' : 'not public') },
            { head: 'Scores', cell: ({ id }) => <Scores of={running.find(({ datasetId }) => datasetId === id)} /> },
            {
              head: 'Registered',
              num: true,
              cell: ({ createdAt }) => <time dateTime={createdAt.toISOString()}>{day(createdAt)}</time>,
            },
          ]}
        />
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
          // empty the form after each upload
          key={imports[0]?.id}
          tasks={listOpenTasks()
            .filter(({ id, groundTruth }) => id === groundTruth)
            .map(({ id, name }) => ({
              id,
              name,
              slots: groundTruthSlots(id),
            }))}
        />
      </section>
    </div>
  );
}

/** Tell whether the scores on a data set are current, given the running re-score, if any. */
function Scores({ of: rescore }: { of?: RescoreLine }) {
  if (!rescore) return <>current</>;
  if (rescore.counts.failed > 0 && rescore.counts.waiting === 0)
    return (
      <span className="badge" data-kind="warn">
        needs a decision
      </span>
    );
  return (
    <span className="badge" data-kind="info">
      {integer(rescore.counts.waiting)} to be scored again
    </span>
  );
}
