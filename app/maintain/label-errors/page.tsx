import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { Act } from '#app/_components/action-button.tsx';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { viewer } from '#app/_server/http.ts';
import { listDatasets } from '#db/datasets/datasets.ts';
import { listLabelErrors } from '#db/datasets/label-errors.ts';
import type { Dataset, LabelError } from '#db/schema.ts';
import { integer } from '#lib/format.ts';
import { canManageGroundTruth } from '#lib/permissions.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { LABEL_ERROR_STATES, type LabelErrorState } from '#lib/vocabulary.ts';
import { decide, lookAgain } from './actions.ts';

export const metadata: Metadata = { title: 'Label errors', robots: { index: false } };

interface Props {
  searchParams: Promise<{ dataset?: string | string[]; state?: string | string[] }>;
}

/** Rows that are shown at once; decided ones make room for the next. */
const SHOWN = 100;

export default async function LabelErrorsPage({ searchParams }: Props) {
  if (!canManageGroundTruth(await viewer())) notFound();
  const params = await searchParams;
  const datasets = (await listDatasets()).filter(({ task }) => parseTask(task)?.families);
  const dataset = datasets.find(({ id }) => id === params.dataset) ?? datasets[0];
  const state = LABEL_ERROR_STATES.find((one) => one === params.state) ?? 'open';
  const found = dataset ? await listLabelErrors(dataset, state) : [];
  return (
    <div className="page">
      <header className="page-head">
        <h1>Suspected label errors</h1>
        <p className="lead">
          Places where at least three strong entries of different owners agree with each other against the annotation,
          or on a cell that nobody annotated. Confirmed ones become the errata of the data set.
        </p>
      </header>
      <form method="get" className="inline cluster">
        <label>
          Data set{' '}
          <select name="dataset" defaultValue={dataset?.id}>
            {datasets.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          State{' '}
          <select name="state" defaultValue={state}>
            {LABEL_ERROR_STATES.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <button type="submit">Show</button>
      </form>
      {dataset && (
        <section className="section stack">
          <p className="prose muted">
            Entries take part if they are published, their owners show their cells, and their AP is at least 80 % of the
            best one. To publish a mended annotation file, register it as the next version of the ground truth:
            everything is scored again (docs/label-errors.md).
          </p>
          <Act action={lookAgain} values={{ dataset: dataset.id }} label="Look through the entries now" />
          {found.length === 0 ? <p>No place is in this state.</p> : <Suspects {...{ dataset, found, state }} />}
          {dataset.public && (
            <p>
              <Link href={`/datasets/${encodeURIComponent(dataset.name)}/errata`}>
                The errata, as everybody sees them
              </Link>
            </p>
          )}
        </section>
      )}
    </div>
  );
}

function Suspects({ dataset, found, state }: { dataset: Dataset; found: LabelError[]; state: LabelErrorState }) {
  return (
    <TableFrame label="Suspected label errors">
      <table>
        <caption>
          {integer(found.length)} {state}
          {found.length > SHOWN && `; the first ${SHOWN}`}
        </caption>
        <thead>
          <tr>
            <th scope="col">Image</th>
            <th scope="col">What</th>
            <th scope="col" className="num">
              Entries
            </th>
            <th scope="col" className="num">
              They agree
            </th>
            <th scope="col" className="num">
              Annotation
            </th>
            <th scope="col">Decision</th>
          </tr>
        </thead>
        <tbody>
          {found.slice(0, SHOWN).map((error) => (
            <tr key={error.id}>
              <th scope="row">
                <Link href={viewerHref(dataset, error)} prefetch={false}>
                  {error.fileName}
                </Link>
                <br />
                <span className="muted">
                  x {error.box[0]}, y {error.box[1]}, {error.box[2]} × {error.box[3]}
                </span>
              </th>
              <td>{error.kind === 'outline' ? `cell t${error.object! + 1} is outlined otherwise` : 'not annotated'}</td>
              <td className="num">{error.entries.length}</td>
              <td className="num">{error.agreement.toFixed(2)}</td>
              <td className="num">{error.annotationIou.toFixed(2)}</td>
              <td>
                <div className="cluster">
                  {LABEL_ERROR_STATES.filter((other) => other !== state).map((other) => (
                    <Act
                      key={other}
                      action={decide}
                      values={{ id: error.id, state: other }}
                      label={{ confirmed: 'Confirm', dismissed: 'Dismiss', open: 'Open again' }[other]}
                      kind="quiet"
                    />
                  ))}
                </div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
}

function viewerHref(dataset: Dataset, { fileName, object, entries }: LabelError): string {
  const query = new URLSearchParams({ image: fileName, a: entries[0], b: entries[1] });
  if (object !== null) query.set('cell', `t${object + 1}`);
  return `/datasets/${encodeURIComponent(dataset.name)}/viewer?${query}`;
}
