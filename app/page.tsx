import type { Metadata } from 'next';
import Link from 'next/link';
import { getLeaderboard } from '#db/board/board.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import { exact, percent } from '#lib/format.ts';
import { DEFAULT_TASK } from '#lib/tasks/index.ts';
import { CellField } from './_components/cell-field.tsx';

export const metadata: Metadata = { title: { absolute: 'LIVECell benchmark: compare cell segmentation methods' } };

const BOARD = `/leaderboards/${DEFAULT_TASK.id}`;

export default async function HomePage() {
  const { dataset, rows } = await getLeaderboard({
    task: DEFAULT_TASK.id,
    protocol: PRIMARY_PROTOCOL,
    evaluation: 'segm',
  });
  const entries = rows.filter((row) => row.kind === 'entry' && !row.unscored && row.rank !== null).slice(0, 5);
  // the authors' own models are those with a published AFNR
  const published = rows.filter((row) => row.kind === 'reference' && row.metrics.AFNR !== undefined).slice(0, 2);
  return (
    <div className="page home">
      <section className="hero">
        <div>
          <h1>Which method segments live cells best?</h1>
          <p className="lead">
            LIVECell is 1.6 million hand-annotated cells of eight types in phase-contrast images. Upload your
            predictions for its test set and get exact scores in seconds, computed the same way for everyone, next to
            everyone else’s.
          </p>
          <p className="cluster">
            <Link className="button button-primary" href="/submit">
              Submit predictions
            </Link>
            <Link className="button" href={BOARD}>
              See the leaderboard
            </Link>
          </p>
        </div>
        <CellField />
      </section>

      <section className="section home-board" aria-labelledby="top">
        <div>
          <h2 id="top">{DEFAULT_TASK.name}, the top of the board</h2>
          {dataset?.demo && (
            <p className="muted">
              <span className="badge">Demo</span> This installation still scores a synthetic demo data set. Its numbers
              come from the real pipeline but say nothing about real methods.
            </p>
          )}
          {!dataset && <p className="muted">No ground truth is registered yet, so there are no scores.</p>}
        </div>
        <div className="table-scroll">
          <table>
            <caption className="visually-hidden">The best entries by mask AP, in per cent</caption>
            <thead>
              <tr>
                <th scope="col" className="num">
                  Rank
                </th>
                <th scope="col">Method</th>
                <th scope="col" className="num">
                  AP <span aria-hidden="true">↑</span>
                  <span className="visually-hidden">, higher is better</span>
                </th>
                <th scope="col" className="num">
                  AFNR <span aria-hidden="true">↓</span>
                  <span className="visually-hidden">, lower is better</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {entries.map(({ id, rank, method, demo, metrics }) => (
                <tr key={id}>
                  <td className="num rank">{rank}</td>
                  <th scope="row">
                    <Link href={`/entries/${id}`}>{method}</Link> {demo && <span className="badge">Demo</span>}
                  </th>
                  <td className="num" title={exact(metrics.AP)}>
                    {percent(metrics.AP)}
                  </td>
                  <td className="num" title={exact(metrics.AFNR)}>
                    {percent(metrics.AFNR)}
                  </td>
                </tr>
              ))}
              {entries.length === 0 && (
                <tr>
                  <td colSpan={4}>
                    No entry is published yet. <Link href="/submit">Be the first.</Link>
                  </td>
                </tr>
              )}
            </tbody>
          </table>
          <p className="hint">
            Masks, protocol of the paper, per cent.{' '}
            {published.length > 0 && (
              <>
                For orientation, published for the real test set and not ranked here:{' '}
                {published.map(({ id, method, metrics }, i) => (
                  <span key={id}>
                    {i > 0 && '; '}
                    {method}, AP {percent(metrics.AP, 1)}
                  </span>
                ))}
                .
              </>
            )}{' '}
            <Link href={BOARD}>The whole board</Link>
          </p>
        </div>
      </section>

      <section className="section" aria-labelledby="how">
        <h2 id="how">From a prediction file to the board</h2>
        <ol className="steps">
          <li>
            <h3>Predict</h3>
            <p>
              Run your model on the test images and write COCO results, plain or gzipped: what detectron2, MMDetection
              and Ultralytics already write.
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
            <li>Masks and boxes, all cell types together and each alone, at every IoU threshold.</li>
            <li>
              Each entry states the digests of its file and the ground truth, so anyone with both can recompute it.
            </li>
            <li>
              Numbers published elsewhere stand beside the board with their source, and are never ranked with scored
              ones.
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
