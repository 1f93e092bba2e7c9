import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { Act } from '#app/_components/action-button.tsx';
import { Live } from '#app/_components/auto-refresh.tsx';
import { DataTable } from '#app/_components/data-table.tsx';
import { groundTruthSlots } from '#app/_server/ground-truth.ts';
import { viewer } from '#app/_server/http.ts';
import { getDataset, getPictures } from '#db/datasets/datasets.ts';
import { listGroundTruthVersions, listImports, type VersionLine } from '#db/rescore/ground-truth.ts';
import { countByEvaluator, listRescores, type RescoreLine } from '#db/rescore/list.ts';
import type { Dataset } from '#db/schema.ts';
import { partInWords } from '#lib/datasets/part-words.ts';
import { integer, moment } from '#lib/format.ts';
import { canManageGroundTruth } from '#lib/permissions.ts';
import { EVALUATOR_VERSION } from '#lib/scoring/version.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { setPublic } from '../actions.ts';
import { DivideForm, ReplaceForm, ScoreAgainForm } from '../forms.tsx';
import { Imports, RescoreProgress } from '../progress.tsx';

interface Props {
  params: Promise<{ id: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const dataset = canManageGroundTruth(await viewer()) ? await getDataset((await params).id) : null;
  return { title: dataset?.name ?? 'Ground truth', robots: { index: false } };
}

export default async function DatasetPage({ params }: Props) {
  if (!canManageGroundTruth(await viewer())) notFound();
  const dataset = await getDataset((await params).id);
  if (!dataset) notFound();
  const [versions, rescores, imports, pictures, evaluators] = await Promise.all([
    listGroundTruthVersions(dataset.id),
    listRescores({ datasetId: dataset.id }),
    listImports({ datasetId: dataset.id }),
    getPictures(dataset.id),
    countByEvaluator(dataset),
  ]);
  const scored = evaluators.reduce((sum, { entries }) => sum + entries, 0);
  const running = rescores.find(({ state }) => state === 'running');
  const reading = imports.some(({ state }) => state === 'waiting' || state === 'running');
  return (
    <div className="page">
      {(running || reading) && <Live seconds={3} />}
      <header className="page-head">
        <p className="eyebrow">
          <Link href="/maintain/ground-truth">Ground truth</Link>
        </p>
        <h1>{dataset.name}</h1>
        <p className="muted">
          {parseTask(dataset.task)?.name ?? dataset.task} ·{' '}
          <Link href={`/datasets/${encodeURIComponent(dataset.name)}`}>its public page</Link>
        </p>
      </header>
      {running && (
        <section className="alert" data-kind="info" aria-labelledby="running">
          <h2 id="running">Being scored again</h2>
          <RescoreProgress rescore={running} />
        </section>
      )}
      {pictures && pictures.groundTruthSha256 !== dataset.sha256 && (
        <div className="alert" data-kind="warn">
          <p>
            The images were registered for another version of the ground truth: no outlines are drawn over them until{' '}
            <code>livecell import-images</code> is run again.
          </p>
        </div>
      )}
      <section className="section first" aria-labelledby="facts">
        <h2 id="facts">As it is now</h2>
        <Facts dataset={dataset} />
      </section>
      <section className="section" aria-labelledby="versions">
        <h2 id="versions">Versions</h2>
        <Versions versions={versions} />
      </section>
      {imports.length > 0 && (
        <section className="section" aria-labelledby="sent-in">
          <h2 id="sent-in">Sent in lately</h2>
          <Imports imports={imports} />
        </section>
      )}
      {!running && !reading && (
        <>
          <section className="section" aria-labelledby="replace">
            <h2 id="replace">Replace</h2>
            <div className="stack">
              <p className="prose">
                The file becomes the next version. Everything that was scored is scored again on it; the board switches
                when all of it is done. No quota is charged.
              </p>
              <ReplaceForm
                key={imports[0]?.id}
                id={dataset.id}
                slots={groundTruthSlots(dataset.task)}
                isPublic={dataset.public}
                scored={scored}
              />
            </div>
          </section>
          {!dataset.public && !dataset.part && parseTask(dataset.task)?.kind.truthPerSlot === false && (
            <section className="section" aria-labelledby="divide">
              <h2 id="divide">Divide</h2>
              <div className="stack">
                <p className="prose">
                  Boards show scores on the public part until a date, and on the private part from then on. Whole wells
                  or fields of view go to one part; which ones stays on the server, and on the private part nothing is
                  scored before the date. Everything is scored again now and on the date.
                </p>
                <DivideForm id={dataset.id} />
              </div>
            </section>
          )}
          <section className="section" aria-labelledby="again">
            <h2 id="again">Score again</h2>
            <div className="stack">
              <Evaluators evaluators={evaluators} />
              <ScoreAgainForm id={dataset.id} scored={scored} />
            </div>
          </section>
        </>
      )}
      {rescores.length > 0 && (
        <section className="section" aria-labelledby="history">
          <h2 id="history">Scored again before</h2>
          <History rescores={rescores.filter(({ state }) => state !== 'running')} />
        </section>
      )}
    </div>
  );
}

function Facts({ dataset }: { dataset: Dataset }) {
  const { id, version, sha256, images, objects, public: isPublic, licence, source, protocol, split } = dataset;
  const said = [
    ['Split', split],
    ['Licence', licence],
    ['Source', source],
    ['Protocol', protocol],
    ['Part', partInWords(dataset.part)],
  ].filter(([, value]) => value);
  return (
    <div className="stack">
      <dl className="facts">
        <dt>Version</dt>
        <dd className="num">{integer(version)}</dd>
        <dt>Holds</dt>
        <dd className="num">
          {integer(images)} images, {integer(objects)} objects
        </dd>
        <dt>SHA-256</dt>
        <dd>
          <code>{sha256}</code>
        </dd>
        <dt>Annotations</dt>
        <dd>{isPublic ? 'public: shown and downloaded by everybody' : 'not public: never served'}</dd>
        {said.map(([label, value]) => (
          <Fact key={label} label={label!} value={value!} />
        ))}
      </dl>
      <Act
        action={setPublic}
        values={{ id, public: isPublic ? 'no' : 'yes' }}
        label={isPublic ? 'Make not public' : 'Make public'}
        confirm={
          isPublic
            ? null
            : {
                ask: 'Make the annotations public?',
                result: 'Everybody can download them then, and copies stay: this cannot be undone.',
                typed: dataset.name,
              }
        }
      >
        <input
          name="reason"
          className="maintain-reason"
          aria-label="Reason for the visibility"
          placeholder="Reason, for the log"
          maxLength={1000}
        />
      </Act>
      <p className="hint">Making ground truth public, replacing it and scoring again need a fresh sign-in.</p>
    </div>
  );
}

function Fact({ label, value }: { label: string; value: string }) {
  return (
    <>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </>
  );
}

const STATES = {
  scheduled: 'waits',
  next: 'next',
  current: 'current',
  superseded: 'replaced',
  cancelled: 'cancelled',
} as const;

function Versions({ versions }: { versions: VersionLine[] }) {
  return (
    <DataTable
      label="Table of versions"
      caption="Versions of the ground truth, the newest first"
      rows={versions}
      rowKey={({ id }) => id}
      columns={[
        { head: 'Version', num: true, rowHead: true, cell: ({ version }) => integer(version) },
        {
          head: 'State',
          cell: ({ state }) => (
            <span className="badge" data-kind={{ current: 'good', next: 'info' }[state as string]}>
              {STATES[state]}
            </span>
          ),
        },
        { head: 'Note', className: 'words', cell: ({ note }) => note },
        { head: 'Images', num: true, cell: ({ images }) => integer(images) },
        { head: 'Objects', num: true, cell: ({ objects }) => integer(objects) },
        { head: 'SHA-256', cell: ({ sha256 }) => <code title={sha256}>{sha256.slice(0, 12)}…</code> },
        { head: 'By', cell: ({ by }) => by ?? 'command line' },
        {
          head: 'When',
          num: true,
          cell: ({ createdAt }) => <time dateTime={createdAt.toISOString()}>{moment(createdAt)}</time>,
        },
      ]}
    />
  );
}

function Evaluators({ evaluators }: { evaluators: Awaited<ReturnType<typeof countByEvaluator>> }) {
  if (evaluators.length === 0) return <p>Nothing has been scored on it yet.</p>;
  return (
    <p className="prose">
      Scored by{' '}
      {evaluators
        .map(
          ({ version, entries }) => `evaluator ${version}: ${integer(entries)} submission${entries === 1 ? '' : 's'}`,
        )
        .join('; ')}
      . The evaluator of this site is {EVALUATOR_VERSION}.
    </p>
  );
}

function History({ rescores }: { rescores: RescoreLine[] }) {
  if (rescores.length === 0) return <p>Not yet: this is the first time.</p>;
  return (
    <ul className="log">
      {rescores.map(({ id, state, reason, version, evaluatorVersion, counts, open, by, createdAt, submissionId }) => (
        <li key={id}>
          <time dateTime={createdAt.toISOString()} className="muted num">
            {moment(createdAt)}
          </time>{' '}
          <span className="badge" data-kind={state === 'done' ? 'good' : undefined}>
            {state}
          </span>{' '}
          {submissionId ? 'One submission, ' : ''}
          {version === null ? `evaluator ${evaluatorVersion}` : `ground truth version ${version}`}:{' '}
          {integer(counts.done)} scored again{counts.skipped > 0 && `, ${integer(counts.skipped)} left behind`}.{' '}
          {reason} {by && <span className="muted">({by})</span>}
          {open.some((item) => item.state === 'skipped') && (
            <ul>
              {open.map(({ submissionId, method, failure }) => (
                <li key={submissionId}>
                  <Link href={`/maintain/entries/${submissionId}`}>{method}</Link>: {failure}
                </li>
              ))}
            </ul>
          )}
        </li>
      ))}
    </ul>
  );
}
