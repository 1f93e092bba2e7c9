import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { cache } from 'react';
import { viewer } from '#app/_server/http.ts';
import { getReports, getSubmission } from '#db/submissions.ts';
import { PRIMARY_PROTOCOL, PROTOCOL_IDS, PROTOCOLS, type ProtocolId } from '#lib/coco/protocol.ts';
import { canViewSubmission, isOwner } from '#lib/permissions.ts';
import { bytes, day, exact, integer, moment, percent, seconds } from '#lib/scoring/format.ts';
import type { AnyReport, EvaluationResults, ScoreReport } from '#lib/scoring/report.ts';
import { byCellType, type NamedResults, perIou } from '#lib/scoring/series.ts';
import { parseTask } from '#lib/scoring/tasks.ts';
import { Chart } from '../../_components/charts/chart.tsx';
import { INTERVAL_EXPLAINED, Interval } from '../../_components/interval.tsx';
import { Segments } from '../../_components/segments.tsx';
import { EVALUATION_NAMES, PROTOCOL_LABELS } from '../../_components/words.ts';
import { WhatGoesWrong } from './errors.tsx';
import { AllNumbers, PerCellType, WithoutRanking } from './tables.tsx';
import { TaskResultsOf } from './task-results.tsx';

interface Props {
  params: Promise<{ id: string }>;
  searchParams: Promise<{ protocol?: string | string[] }>;
}

type Reports = Partial<Record<ProtocolId, ScoreReport>>;

const STATE_WORDS = {
  uploading: 'Its upload is not complete.',
  queued: 'It waits to be scored.',
  scoring: 'It is being scored right now.',
  rejected: 'Its file was rejected.',
  failed: 'Scoring failed on our side.',
  withdrawn: 'It was withdrawn by its submitter.',
} as const;

/** Whoever may not see an entry learns nothing of it, not even that it exists. */
const load = cache(async (id: string) => {
  const [submission, who] = await Promise.all([getSubmission(id), viewer()]);
  if (!submission || !canViewSubmission(who, submission)) notFound();
  return { submission, who };
});

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { submission } = await load((await params).id);
  return { title: submission.method, description: `Scores of ${submission.method} on ${submission.dataset.name}.` };
}

export default async function EntryPage({ params, searchParams }: Props) {
  const { submission, who } = await load((await params).id);
  const reports: Reports = submission.state === 'scored' ? await getReports(submission.id) : {};
  const scored = PROTOCOL_IDS.filter((id) => reports[id]);
  const asked = (await searchParams).protocol;
  const chosen = scored.find((id) => id === asked) ?? scored.find((id) => id === PRIMARY_PROTOCOL) ?? scored[0];
  const report = chosen && reports[chosen];
  const task = parseTask(submission.task);
  const owns = isOwner(who, submission);
  const wide = !task || task.values.length === 0;
  const protocols = (
    <Segments
      label="Protocol"
      items={scored.map((id) => ({
        label: PROTOCOL_LABELS[id],
        href: `/entries/${submission.id}${id === PRIMARY_PROTOCOL ? '' : `?protocol=${id}`}`,
        current: id === chosen,
        title: PROTOCOLS[id].description,
      }))}
    />
  );
  return (
    <div className="page entry">
      <header className="page-head">
        <p className="eyebrow">
          <Link href={`/leaderboards/${submission.task}`}>{task?.name ?? submission.task}</Link>
        </p>
        <h1>{submission.method}</h1>
        <p className="cluster muted">
          {submission.demo && <span className="badge">Demo</span>}
          {submission.visibility !== 'published' && (
            <span className="badge" data-kind="warn">
              {submission.visibility === 'pending' ? 'Waiting for approval' : submission.visibility}
            </span>
          )}
          {submission.testImagesSeen && (
            <span className="badge" data-kind="warn">
              Test images seen
            </span>
          )}
          <span>{submission.user?.name ?? (submission.demo ? 'LIVECell benchmark' : 'Submitter not named')}</span>
          {submission.publishedAt && <span>published {day(submission.publishedAt)}</span>}
          {submission.paperUrl && (
            <a href={submission.paperUrl} rel="nofollow ugc noopener">
              Paper
            </a>
          )}
          {submission.codeUrl && (
            <a href={submission.codeUrl} rel="nofollow ugc noopener">
              Code
            </a>
          )}
          {owns && <Link href={`/submissions/${submission.id}`}>Manage this submission</Link>}
        </p>
      </header>

      {submission.demo && (
        <div className="alert" data-kind="info">
          <p>
            A demo entry on synthetic images. It was scored by the same pipeline as any other and says nothing about a
            real method.
          </p>
        </div>
      )}
      {submission.state !== 'scored' && (
        <div className="alert" data-kind="warn">
          <p>
            There are no scores. {STATE_WORDS[submission.state]}{' '}
            <Link href={`/submissions/${submission.id}`}>Follow this submission</Link>
          </p>
        </div>
      )}

      {report && task && task.values.length > 0 && (
        <>
          {task.kind === 'instances' && protocols}
          <TaskResultsOf
            task={task}
            report={report as AnyReport}
            method={submission.method}
            dataset={submission.dataset.name}
          />
        </>
      )}
      {report && wide && (
        <>
          <Headline report={report} />
          {protocols}
          <h2 className="visually-hidden">Charts</h2>
          <Charts report={report} />
          <section className="section">
            <h2>By cell type</h2>
            <p className="prose muted">
              Each cell type is a pool of its own. {PROTOCOLS[chosen].name}; values in per cent.
              {report.results.bbox.overall.interval && (
                <>
                  {' '}
                  Small figures are the <Link href="/protocol#intervals">{INTERVAL_EXPLAINED}</Link>.
                </>
              )}
            </p>
            <PerCellType report={report} />
          </section>
          <section className="section">
            <h2>Without ranking</h2>
            <p className="prose muted">
              {report.unscored
                ? 'Label images have no scores, so every outline counts.'
                : 'AP looks at detections in the order of their scores. These measures take one set of them: those at or above the score that gives the best F1 at IoU 0.50.'}{' '}
              {PROTOCOLS[chosen].name}; all images, in per cent.
            </p>
            <WithoutRanking report={report} />
          </section>
          <WhatGoesWrong report={reports[PRIMARY_PROTOCOL]} />
        </>
      )}
      {wide && scored.length > 0 && (
        <section className="section">
          <h2>All numbers, all protocols</h2>
          <div className="prose why">
            <p>
              Two sets of LIVECell numbers exist because the paper and its released code differ. The paper prints size
              classes of 500 and 1,500 pixels; the code uses 324 and 961 pixels, which are 500 and about 1,500 µm². It
              also keeps 2,000 detections per image instead of 3,000. Results published with the released code compare
              with that column. <Link href="/protocol#units">More on this</Link>
            </p>
          </div>
          <AllNumbers reports={reports} />
        </section>
      )}

      <section className="section split">
        <div className="stack">
          <h2>About the method</h2>
          {submission.description ? (
            submission.description.split(/\n{2,}/).map((paragraph) => <p key={paragraph}>{paragraph}</p>)
          ) : (
            <p className="muted">The submitter gave no description.</p>
          )}
          <dl className="facts">
            <dt>Trained on</dt>
            <dd>{submission.trainingData || 'not stated'}</dd>
            <dt>Test images</dt>
            <dd>
              {submission.testImagesSeen
                ? 'declared as seen in training or tuning'
                : submission.demo
                  ? 'not applicable'
                  : 'declared as not seen'}
            </dd>
          </dl>
          {report && <Warnings report={report} />}
        </div>
        <div className="stack">
          <h2>Provenance</h2>
          <dl className="facts">
            <dt>Data set</dt>
            <dd>
              <Link href={`/datasets/${encodeURIComponent(submission.dataset.name)}`}>{submission.dataset.name}</Link>
            </dd>
            {report && <ReportFacts report={report} />}
            <dt>Submitted</dt>
            <dd>
              <time dateTime={submission.createdAt.toISOString()}>{moment(submission.createdAt)}</time>
            </dd>
            {submission.finishedAt && (
              <>
                <dt>Scored</dt>
                <dd>
                  <time dateTime={submission.finishedAt.toISOString()}>{moment(submission.finishedAt)}</time>
                </dd>
              </>
            )}
          </dl>
          {report && (
            <p className="cluster">
              <a href={`/api/v1/submissions/${submission.id}/receipt`}>Score receipt</a>
              <a href={`/api/v1/submissions/${submission.id}`}>All of this as JSON</a>
            </p>
          )}
        </div>
      </section>
    </div>
  );
}

function Headline({ report }: { report: ScoreReport }) {
  const { segm, bbox } = report.results;
  return (
    <dl className="headline">
      {segm && <HeadlinePair name={EVALUATION_NAMES.segm} results={segm} />}
      <HeadlinePair name={EVALUATION_NAMES.bbox} results={bbox} />
    </dl>
  );
}

function HeadlinePair({ name, results }: { name: string; results: EvaluationResults }) {
  const { AP, AFNR, interval } = results.overall;
  return (
    <>
      <div>
        <dt>
          {name}, AP <span aria-hidden="true">↑</span>
          <span className="visually-hidden">, higher is better</span>
        </dt>
        <dd className="num" title={exact(AP)}>
          {percent(AP)}
        </dd>
        {interval && (
          <dd>
            <Interval of={interval.AP} />
          </dd>
        )}
      </div>
      <div>
        <dt>
          {name}, AFNR <span aria-hidden="true">↓</span>
          <span className="visually-hidden">, lower is better</span>
        </dt>
        <dd className="num" title={exact(AFNR)}>
          {percent(AFNR)}
        </dd>
        {interval && (
          <dd>
            <Interval of={interval.AFNR} />
          </dd>
        )}
      </div>
    </>
  );
}

function Charts({ report }: { report: ScoreReport }) {
  const both: NamedResults[] = [
    { name: EVALUATION_NAMES.segm, results: report.results.segm },
    { name: EVALUATION_NAMES.bbox, results: report.results.bbox },
  ];
  return (
    <div className="charts">
      <Chart kind="line" series={perIou(both, 'AP')} />
      <Chart kind="line" series={perIou(both, 'FNR')} />
      <Chart kind="bar" series={byCellType(both, 'AP')} />
      <Chart kind="bar" series={byCellType(both, 'AFNR')} />
    </div>
  );
}

function Warnings({ report }: { report: ScoreReport }) {
  if (report.warnings.length === 0) return <p className="muted">The file raised no warnings.</p>;
  return (
    <div className="alert" data-kind="warn">
      <h3>Warnings about the file</h3>
      <ul>
        {report.warnings.map((warning) => (
          <li key={warning.code}>
            {warning.message}
            {warning.examples && warning.examples.length > 0 && (
              <small className="muted"> For example {warning.examples.slice(0, 3).join(', ')}.</small>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

function ReportFacts({ report }: { report: ScoreReport }) {
  const { groundTruth, predictions, evaluator, seconds: took } = report;
  return (
    <>
      <dt>Ground truth</dt>
      <dd>
        {integer(groundTruth.images)} images, {integer(groundTruth.objects)} objects
        <br />
        <code title="SHA-256">{groundTruth.sha256}</code>
      </dd>
      {predictions.map((file) => (
        <FileFacts key={file.slot} file={file} />
      ))}
      <dt>Evaluator</dt>
      <dd>
        {evaluator.name} {evaluator.version}
      </dd>
      <dt>Computing time</dt>
      <dd>
        {seconds(took.total)} (reading {seconds(took.read)}, matching {seconds(took.match)}, accumulating{' '}
        {seconds(took.accumulate)})
      </dd>
    </>
  );
}

function FileFacts({ file }: { file: ScoreReport['predictions'][number] }) {
  return (
    <>
      <dt>Predictions{file.slot !== 'all' && `, ${file.slot}`}</dt>
      <dd>
        {bytes(file.bytes)}, {integer(file.detections)} detections on {integer(file.images)} images ({file.format})
        <br />
        <code title="SHA-256">{file.sha256}</code>
      </dd>
    </>
  );
}
