import type { Metadata } from 'next';
import Link from 'next/link';
import { DEFAULT_TASK } from '#lib/tasks/index.ts';
import { HomePicture } from './_components/home-picture.tsx';
import { Interval } from './_components/interval.tsx';
import { type TaskLead, taskLeads } from './_server/task-leads.ts';

export const metadata: Metadata = { title: { absolute: 'LIVECell benchmark: compare cell segmentation methods' } };

const BOARD = `/leaderboards/${DEFAULT_TASK.id}`;

export default async function HomePage() {
  const leads = await taskLeads();
  const main = leads.find(({ task }) => task.id === DEFAULT_TASK.id);
  const dataset = main?.dataset ?? null;
  return (
    <div className="page home">
      <section className="hero">
        <div>
          <h1>Which method segments live cells best?</h1>
          <p className="lead">
            LIVECell is 1.6 million hand-annotated cells of eight types in phase-contrast images. Upload your
            predictions for its test set and get exact scores in seconds, computed the same way for everyone.
          </p>
          {main && <Answer lead={main} />}
          <p className="cluster">
            <Link className="button button-primary" href={BOARD}>
              See the leaderboard
            </Link>
            <Link className="button" href="/submit">
              Submit predictions
            </Link>
            <Link href={dataset ? `/datasets/${encodeURIComponent(dataset.name)}` : '/datasets'}>Get the data</Link>
          </p>
        </div>
        <HomePicture />
      </section>

      <section className="section" aria-labelledby="tasks">
        <h2 id="tasks">{TASKS_IN_WORDS[leads.length] ?? leads.length} questions, and who leads</h2>
        {dataset?.demo && (
          <p className="muted demo-note">
            <span className="badge">Demo</span> This installation still scores a synthetic demo data set. Its numbers
            come from the real pipeline but say nothing about real methods.
          </p>
        )}
        <Leads leads={leads} />
      </section>

      <section className="section" aria-labelledby="how">
        <h2 id="how">From a prediction file to the board</h2>
        <ol className="steps">
          <li>
            <h3>Predict</h3>
            <p>
              Run your model on the test images and write COCO results, plain or gzipped: what detectron2, MMDetection
              and Ultralytics already write. <Link href="/check">Check the file</Link> in your browser first.
            </p>
          </li>
          <li>
            <h3>Upload</h3>
            <p>
              <Link href="/submit">Send the file</Link> from the browser or the command line. The upload resumes after a
              broken connection, and a message about a wrong file names the faulty record.
            </p>
          </li>
          <li>
            <h3>Publish, if you like</h3>
            <p>
              The score is yours alone until you ask to publish it and a maintainer agrees. Withdraw it whenever you
              want.
            </p>
          </li>
        </ol>
      </section>

      <section className="section split promise">
        <div>
          <h2>What you can rely on</h2>
          <ul>
            <li>
              Scores follow the COCO method to the last digit, under the paper’s settings and under those of its
              released code. <Link href="/protocol">Both are explained.</Link>
            </li>
            <li>
              Each entry states the digests of its file and the ground truth, so anyone with both can recompute it.
            </li>
            <li>
              Numbers <Link href="/published">published elsewhere</Link> stand beside the board with their source, and
              are never ranked with scored ones.
            </li>
          </ul>
        </div>
        <div>
          <h2>The data set</h2>
          <p>
            <a href="https://www.nature.com/articles/s41592-021-01249-6">Edlund et al., Nature Methods 2021</a>: 5,239
            images, 704 by 520 pixels, of A172, BT-474, BV-2, Huh7, MCF7, SH-SY5Y, SkBr3 and SK-OV-3 cells, imaged from
            sparse to confluent.{' '}
            {dataset && <Link href={`/datasets/${encodeURIComponent(dataset.name)}`}>What is scored here</Link>}
          </p>
        </div>
      </section>
    </div>
  );
}

const TASKS_IN_WORDS: Readonly<Record<number, string>> = { 4: 'Four', 5: 'Five', 6: 'Six', 7: 'Seven' };

/** Who leads the main board and by how much, in one sentence. */
function Answer({ lead: { task, dataset, leader } }: { lead: TaskLead }) {
  if (!dataset)
    return (
      <p className="answer">
        No ground truth is registered yet, so nothing can be scored. See what{' '}
        <Link href="/published">papers report</Link>; maintainers{' '}
        <Link href="/maintain/ground-truth">register ground truth</Link>.
      </p>
    );
  if (!leader)
    return (
      <p className="answer">
        No entry is published yet. <Link href="/submit">Be the first.</Link>
      </p>
    );
  return (
    <p className="answer">
      <b>
        <Link href={`/entries/${leader.id}`}>{leader.method}</Link>
      </b>{' '}
      leads {task.name} with {leader.measure} <b className="num">{leader.number}</b>
      {leader.ahead && `, ${leader.ahead}`}.{' '}
      {leader.worstRank > 1 && (
        <span className="muted">On other fields of view it could be as low as rank {leader.worstRank}.</span>
      )}
    </p>
  );
}

function Leads({ leads }: { leads: readonly TaskLead[] }) {
  return (
    <div className="table-scroll leads">
      <table>
        <caption className="visually-hidden">The leader of each task by its main number</caption>
        <thead>
          <tr>
            <th scope="col">Task</th>
            <th scope="col">Leader</th>
            <th scope="col" className="num">
              Its number
            </th>
            <th scope="col">Lead</th>
            <th scope="col" className="num">
              Entries
            </th>
          </tr>
        </thead>
        <tbody>
          {leads.map(({ task, leader, entries, dataset }) => (
            <tr key={task.id}>
              <th scope="row">
                <Link href={`/leaderboards/${task.id}`}>{task.name}</Link>
                <small className="muted">{task.summary}</small>
              </th>
              {leader ? (
                <>
                  <td>
                    <Link href={`/entries/${leader.id}`}>{leader.method}</Link>{' '}
                    {leader.demo && <span className="badge">Demo</span>}
                  </td>
                  <td className="num" title={leader.exact}>
                    {leader.measure} <b>{leader.number}</b>
                    <Interval of={leader.interval} />
                  </td>
                  <td>{leader.ahead ?? (entries === 1 ? 'the only entry' : '')}</td>
                </>
              ) : (
                <td colSpan={3} className="muted">
                  {dataset ? 'No entry yet. ' : 'No ground truth is registered yet. '}
                  <Link href={`/submit?task=${task.id}`}>Be the first</Link>
                </td>
              )}
              <td className="num">{entries}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
