import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { listDatasets } from '#db/datasets/datasets.ts';
import { listReferenceResults } from '#db/datasets/reference-results.ts';
import { LIMITS_IN_WORDS } from '#lib/readers/limits.ts';
import { commandLine, commandsOf, formatsOf } from '#lib/tasks/guide.ts';
import { parseTask } from '#lib/tasks/index.ts';
import type { Task } from '#lib/tasks/task.ts';
import { Published } from './published.tsx';

interface Props {
  params: Promise<{ id: string }>;
}

async function openTask({ params }: Props): Promise<Task> {
  const task = parseTask((await params).id);
  if (!task?.open) notFound();
  return task;
}

export async function generateMetadata(props: Props): Promise<Metadata> {
  const task = await openTask(props);
  return { title: task.name, description: task.summary };
}

/** Everything about a task, from its definition: a new task needs no page. */
export default async function TaskPage(props: Props) {
  const task = await openTask(props);
  const [published, datasets] = await Promise.all([
    listReferenceResults({ task: task.id, otherProtocols: true }),
    listDatasets({ task: task.id }),
  ]);
  const { docs, guide } = task;
  return (
    <div className="page">
      <header className="page-head">
        <p className="eyebrow">
          <Link href="/tasks">Tasks</Link>
        </p>
        <h1>{task.name}</h1>
        <p className="lead">{task.summary}</p>
        <p className="cluster">
          <Link className="button" href={`/leaderboards/${task.id}`}>
            Leaderboard
          </Link>
          <Link className="button" href={`/submit?task=${task.id}`}>
            Submit
          </Link>
        </p>
      </header>

      <section className="section first prose" aria-labelledby="asked">
        <h2 id="asked">What is asked</h2>
        {docs.map((paragraph) => (
          <p key={paragraph}>{paragraph}</p>
        ))}
        <p>
          {datasets.length === 0 ? (
            'No ground truth is registered for it here yet.'
          ) : (
            <>
              Scored here on{' '}
              {datasets.map(({ name }, i) => (
                <span key={name}>
                  {i > 0 && ', '}
                  <Link href={`/datasets/${encodeURIComponent(name)}`}>{name}</Link>
                </span>
              ))}
              .
            </>
          )}
        </p>
      </section>

      <section className="section" aria-labelledby="submitted">
        <h2 id="submitted">What is submitted</h2>
        <div className="prose">
          <Slots task={task} />
        </div>
        <div className="task-formats">
          {formatsOf(task).map(({ name, text, example, archive }) => (
            <div key={name}>
              <h3>{name}</h3>
              <p>{text}</p>
              <pre title={archive ? `Members of an archive: ${name}` : `Example: ${name}`}>
                <code>{example.trimEnd()}</code>
              </pre>
            </div>
          ))}
        </div>
      </section>

      <section className="section" aria-labelledby="scored">
        <h2 id="scored">How it is scored</h2>
        <dl className="task-scoring">
          {guide.scoring.map(({ name, formula, text, source }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                {formula && <code className="formula">{formula}</code>}
                {text} <span className="muted">Source: {source}.</span>
              </dd>
            </div>
          ))}
        </dl>
        <p className="prose">
          <Link href="/protocol">How scores are computed</Link> has matching, size classes and the protocols, every
          detail.
        </p>
      </section>

      <section className="section prose" aria-labelledby="limits">
        <h2 id="limits">Limits</h2>
        <ul>
          {[...guide.limits, ...LIMITS_IN_WORDS].map((limit) => (
            <li key={limit}>{limit}</li>
          ))}
        </ul>
        <p>A file that exceeds one is rejected with the reason and the record, and never half scored.</p>
      </section>

      <section className="section" aria-labelledby="report">
        <h2 id="report">What the report holds</h2>
        <p className="prose">
          One JSON document, the same from the command line, the API and the receipt. In its <code>results</code>:
        </p>
        <dl className="task-scoring">
          {guide.report.map(({ path, text }) => (
            <div key={path}>
              <dt>
                <code>{path}</code>
              </dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
      </section>

      <section className="section" aria-labelledby="commands">
        <h2 id="commands">Commands</h2>
        <p className="prose muted">
          In a checkout of this project, <code>livecell</code> is <code>npx livecell</code>. Scoring and checking need
          no account and no network. With <code>--json</code> each prints one JSON document.
        </p>
        <div className="task-commands">
          {commandsOf(task).map((command) => (
            <div key={command.what}>
              <h3>{command.what}</h3>
              <pre>
                <code>{commandLine(command)}</code>
              </pre>
            </div>
          ))}
        </div>
      </section>

      <section className="section" aria-labelledby="published">
        <h2 id="published">Published results</h2>
        <p className="prose">{guide.published}</p>
        <Published task={task} results={published} />
      </section>
    </div>
  );
}

function Slots({ task: { slots, slotsAreDatasets, least } }: { task: Task }) {
  if (slotsAreDatasets)
    return <p>A file per registered data set; the data set’s name is the slot. One data set is enough.</p>;
  if (slots.length === 1)
    return (
      <p>
        One file: {slots[0].label.toLowerCase()}. Its slot is called <code>{slots[0].id}</code>.
      </p>
    );
  const all = least === undefined || least === slots.length;
  return (
    <>
      <p>
        {all ? `All ${slots.length} slots have a file` : `${least} to ${slots.length} of these slots have a file`}, one
        by one or together in one archive:
      </p>
      <ul className="task-slots">
        {slots.map(({ id, label }) => (
          <li key={id}>
            <code>{id}</code> {label}
          </li>
        ))}
      </ul>
    </>
  );
}
