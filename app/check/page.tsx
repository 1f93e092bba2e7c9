import type { Metadata } from 'next';
import Link from 'next/link';
import { listDatasets } from '#db/datasets/datasets.ts';
import { integer } from '#lib/format.ts';
import { listOpenTasks } from '#lib/tasks/index.ts';
import { Check, type CheckTask } from './check.tsx';

export const metadata: Metadata = {
  title: 'Check a file',
  description: 'Check a file of predictions in your browser before you upload it. Nothing is sent.',
};

/** Tasks that have ground truth, each with its current data set first. */
async function listCheckTasks(): Promise<CheckTask[]> {
  const datasets = await listDatasets();
  return listOpenTasks().flatMap(({ id, name, kind, slots, slotsAreDatasets, groundTruth }) => {
    const own = datasets
      .filter(({ task }) => task === groundTruth)
      .map(({ name, images, demo, ...dataset }) => ({
        name,
        label: `${name}: ${integer(images)} images${demo ? ' (synthetic demo)' : ''}`,
        public: dataset.public,
      }));
    if (own.length === 0) return [];
    const { outlines, takesThreshold } = kind;
    return [{ id, name, outlines, takesThreshold, slots: slotsAreDatasets ? [] : slots, datasets: own }];
  });
}

export default async function CheckPage() {
  const tasks = await listCheckTasks();
  return (
    <div className="page">
      <header className="page-head">
        <h1>Check a file before you upload it</h1>
        <p className="lead">
          Your browser reads the file with the site’s own reader: the same problems, the same warnings. Nothing is sent,
          and no account is needed. Where ground truth is public, your browser scores the file, too.
        </p>
      </header>
      {tasks.length === 0 ? (
        <p className="alert" data-kind="warn">
          This installation has no ground truth yet, so there is nothing to check against.
        </p>
      ) : (
        <Check tasks={tasks} />
      )}
      <noscript>
        <p className="alert">
          This page needs JavaScript, because the file is read in your browser. The command line does the same:{' '}
          <code>livecell validate --images images.json --predictions FILE</code>.
        </p>
      </noscript>
      <p>
        What each finding means and how to mend it: <Link href="/docs/problems">all problems and warnings</Link>.
      </p>
    </div>
  );
}
