import type { Metadata } from 'next';
import Link from 'next/link';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { listDatasets } from '#db/datasets/datasets.ts';
import { integer } from '#lib/format.ts';
import { SPLIT_NAMES, splitOfName } from '#lib/livecell/splits.ts';
import { OPEN_TASKS } from '#lib/tasks/index.ts';
import './[name]/dataset.css';

export const metadata: Metadata = {
  title: 'Data sets',
  description: 'What is scored here: the registered ground truth, its images and cells, and the tasks it serves.',
};

/** Asked of the database whenever somebody looks: a data set is there as soon as it is registered. */
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
        <p>No ground truth is registered yet. A maintainer registers it.</p>
      ) : (
        <TableFrame label="Data sets">
          <table className="datasets">
            <caption className="visually-hidden">Registered data sets</caption>
            <thead>
              <tr>
                <th scope="col">Data set</th>
                <th scope="col" className="num">
                  Images
                </th>
                <th scope="col" className="num">
                  Cells
                </th>
                <th scope="col">Leaderboards</th>
              </tr>
            </thead>
            <tbody>
              {datasets.map(({ id, name, task, images, objects, demo, split }) => {
                const part = split ?? splitOfName(name);
                return (
                  <tr key={id}>
                    <th scope="row">
                      <Link href={`/datasets/${encodeURIComponent(name)}`}>{name}</Link>{' '}
                      {demo && <span className="badge">Demo</span>}
                      {part && part !== 'test' && <span className="badge">{SPLIT_NAMES[part]}</span>}
                    </th>
                    <td className="num">{integer(images)}</td>
                    <td className="num">{objects > 0 ? integer(objects) : 'not annotated'}</td>
                    <td>
                      <ul className="boards">
                        {OPEN_TASKS.filter(({ groundTruth }) => groundTruth === task).map((served) => (
                          <li key={served.id}>
                            <Link href={`/leaderboards/${served.id}?${new URLSearchParams({ dataset: name })}`}>
                              {served.name}
                            </Link>
                          </li>
                        ))}
                      </ul>
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </TableFrame>
      )}
    </div>
  );
}
