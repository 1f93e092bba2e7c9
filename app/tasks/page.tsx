import type { Metadata } from 'next';
import Link from 'next/link';
import { listOpenTasks } from '#lib/tasks/index.ts';
import type { Task } from '#lib/tasks/task.ts';

export const metadata: Metadata = {
  title: 'Tasks',
  description: 'The experiments of the LIVECell paper as tasks: what each asks, what is submitted, how it is scored.',
};

export default function TasksPage() {
  return (
    <div className="page">
      <header className="page-head">
        <h1>Tasks</h1>
        <p className="lead">
          The LIVECell paper proposes a suite of experiments, not one table. Each is a task here, with a leaderboard of
          its own.
        </p>
      </header>
      <ul className="task-list">
        {listOpenTasks().map((task) => (
          <li key={task.id}>
            <h2>
              <Link href={`/tasks/${task.id}`}>{task.name}</Link>
            </h2>
            <p>{task.summary}</p>
            <p className="muted">{files(task)}</p>
            <p className="cluster">
              <Link href={`/leaderboards/${task.id}`} aria-label={`Leaderboard of ${task.name}`}>
                Leaderboard
              </Link>
              <Link href={`/submit?task=${task.id}`} aria-label={`Submit to ${task.name}`}>
                Submit
              </Link>
            </p>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Describe how many files a submission has. */
function files({ slots, slotsAreDatasets, least }: Task): string {
  if (slotsAreDatasets) return 'A file per registered data set.';
  if (slots.length === 1) return 'One file.';
  if (least === undefined || least === slots.length) return `${slots.length} files.`;
  return `${least} ${slots.length - least === 1 ? 'or' : 'to'} ${slots.length} files.`;
}
