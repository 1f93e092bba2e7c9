import type { Metadata } from 'next';
import Link from 'next/link';
import { DataTable } from '#app/_components/data-table.tsx';
import { listDatasets } from '#db/datasets/datasets.ts';
import { integer } from '#lib/format.ts';
import { SPLIT_NAMES, splitOfName } from '#lib/livecell/splits.ts';
import { objectsTold } from '#lib/tasks/disclosure.ts';
import { listOpenTasks } from '#lib/tasks/index.ts';
import './[name]/dataset.css';

export const metadata: Metadata = {
  title: 'Data sets',
  description: 'What is scored here: the registered ground truth, its images and cells, and the tasks it serves.',
};

/** Rendered on each request, so that a data set appears as soon as it is registered. */
export const dynamic = 'force-dynamic';

export default async function DatasetsPage() {
  const datasets = await listDatasets();
  return (
    <div className="page">
      <header className="page-head">
        <h1>Data sets</h1>
        <p className="lead">
          What predictions are scored on. Each data set has a page with its cells, its images as far as they are public,
          and how dense and how large the cells are.
        </p>
      </header>
      {datasets.length === 0 ? (
        <p>
          No ground truth is registered yet. Maintainers <Link href="/maintain/ground-truth">register it</Link>; the
          images and annotations of LIVECell are at{' '}
          <a href="https://sartorius-research.github.io/LIVECell/">its authors’ site</a>.
        </p>
      ) : (
        <DataTable
          label="Data sets"
          caption="Registered data sets"
          className="datasets"
          rows={datasets}
          rowKey={({ id }) => id}
          columns={[
            {
              head: 'Data set',
              rowHead: true,
              cell: ({ name, demo, split }) => {
                const part = split ?? splitOfName(name);
                return (
                  <>
                    <Link href={`/datasets/${encodeURIComponent(name)}`}>{name}</Link>{' '}
                    {demo && <span className="badge">Demo</span>}
                    {part && part !== 'test' && <span className="badge">{SPLIT_NAMES[part]}</span>}
                  </>
                );
              },
            },
            { head: 'Images', num: true, cell: ({ images }) => integer(images) },
            {
              head: 'Cells',
              num: true,
              cell: (dataset) => (dataset.objects > 0 ? integer(objectsTold(dataset)) : 'not annotated'),
            },
            { head: 'Leaderboards', cell: ({ name, task }) => <Boards dataset={name} groundTruth={task} /> },
          ]}
        />
      )}
    </div>
  );
}

function Boards({ dataset, groundTruth }: { dataset: string; groundTruth: string }) {
  return (
    <ul className="boards">
      {listOpenTasks()
        .filter((task) => task.groundTruth === groundTruth)
        .map(({ id, name }) => (
          <li key={id}>
            <Link href={`/leaderboards/${id}?${new URLSearchParams({ dataset })}`}>{name}</Link>
          </li>
        ))}
    </ul>
  );
}
