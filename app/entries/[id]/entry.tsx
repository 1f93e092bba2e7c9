import Link from 'next/link';
import { Fragment, type ReactNode } from 'react';
import { Segments } from '#app/_components/choice-links.tsx';
import { PROTOCOL_LABELS } from '#app/_components/labels.ts';
import { OrcidId } from '#app/_components/orcid.tsx';
import { LeftBehind, ScoredAgain } from '#app/_components/score-history.tsx';
import { LevelMark, LevelSentence } from '#app/_components/trust-badge.tsx';
import type { ScoreHistory } from '#db/board/score-history.ts';
import { PRIMARY_PROTOCOL, PROTOCOL_IDS, PROTOCOLS, type ProtocolId } from '#lib/coco/protocol.ts';
import { bytes, day, integer, moment, seconds } from '#lib/format.ts';
import type { PublicEntry } from '#lib/public-entry.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { datasetsOf, isReportOf, type Report } from '#lib/tasks/report.ts';
import { TaskResultsOf } from './task-results.tsx';
import { WideResultsOf } from './wide-results.tsx';

interface EntryProps {
  entry: PublicEntry;
  /** the data set's name */
  dataset: string;
  reports: Partial<Record<ProtocolId, Report>>;
  /** all its scores */
  history: ScoreHistory;
  /** the protocol parameter of the address */
  asked: string | string[] | undefined;
  /** the viewer is the owner, in the team, or a maintainer */
  inside: boolean;
  /** the viewer's actions */
  deeds?: ReactNode;
  links: {
    /** the page itself */
    page: string;
    receipt: string;
    /** null: the viewer has no access by the API */
    json: string | null;
    /** null: the entry is not public and has no badge */
    badge: string | null;
  };
}

const STATE_WORDS = {
  uploading: 'Its upload is not complete.',
  queued: 'It waits to be scored.',
  scoring: 'It is being scored right now.',
  rejected: 'Its file was rejected.',
  failed: 'Scoring failed on our side.',
  withdrawn: 'It was withdrawn by its submitter.',
} as const;

/**
 * Everything the site shows of one entry: to everybody, to its owner, and to reviewers, from whom its identity is
 * hidden.
 */
export function EntryView({ entry, dataset, reports, history, asked, inside, deeds, links }: EntryProps) {
  const scored = PROTOCOL_IDS.filter((id) => reports[id]);
  const chosen = scored.find((id) => id === asked) ?? scored.find((id) => id === PRIMARY_PROTOCOL) ?? scored[0];
  const report = chosen && reports[chosen];
  const task = parseTask(entry.task);
  const sealed = entry.anonymous !== null && !entry.anonymous.identityShown;
  const protocols = (
    <Segments
      label="Protocol"
      items={scored.map((id) => ({
        label: PROTOCOL_LABELS[id],
        href: `${links.page}${id === PRIMARY_PROTOCOL ? '' : `?protocol=${id}`}`,
        current: id === chosen,
        title: PROTOCOLS[id].description,
      }))}
    />
  );
  return (
    <div className="page entry">
      <header className="page-head">
        <p className="eyebrow">
          <Link href={`/leaderboards/${entry.task}`}>{task?.name ?? entry.task}</Link>
        </p>
        <h1>{entry.method}</h1>
        <div className="cluster muted">
          {entry.featured && (
            <span className="badge" data-kind="info" title="Chosen by the maintainers to compare with">
              Baseline
            </span>
          )}
          <LevelMark entry={entry} />
          {entry.demo && <span className="badge">Demo</span>}
          {entry.visibility !== 'published' && (
            <span className="badge" data-kind="warn">
              {entry.visibility === 'pending' ? 'Waiting for approval' : entry.visibility}
            </span>
          )}
          {entry.testImagesSeen && (
            <span className="badge" data-kind="warn">
              Test images seen
            </span>
          )}
          <span>{by(entry)}</span>
          {entry.publishedAt && <span>published {day(entry.publishedAt)}</span>}
          {entry.paperUrl && (
            <a href={entry.paperUrl} rel="nofollow ugc noopener">
              Paper
            </a>
          )}
          {entry.codeUrl && (
            <a href={entry.codeUrl} rel="nofollow ugc noopener">
              Code
            </a>
          )}
          {inside && <Link href={`/submissions/${entry.id}`}>Manage this submission</Link>}
          {deeds}
        </div>
        <Submitter entry={entry} />
      </header>

      {entry.anonymous && <AnonymityNote entry={entry} />}
      {entry.demo && (
        <div className="alert" data-kind="info">
          <p>
            A demo entry on synthetic images. It was scored by the same pipeline as any other and says nothing about a
            real method.
          </p>
        </div>
      )}
      {entry.state !== 'scored' && (
        <div className="alert" data-kind="warn">
          <p>
            There are no scores. {STATE_WORDS[entry.state]}{' '}
            {inside && <Link href={`/submissions/${entry.id}`}>Follow this submission</Link>}
          </p>
        </div>
      )}

      <LeftBehind history={history} inside={inside} />
      {report && isReportOf(report, 'livecell-wide') && (
        <WideResultsOf reports={reports} report={report} protocols={protocols} />
      )}
      {report && task && !isReportOf(report, 'livecell-wide') && (
        <>
          {task.kind.evaluated && protocols}
          <TaskResultsOf task={task} report={report} method={entry.method} dataset={dataset} />
        </>
      )}

      <ScoredAgain history={history} />
      <section className="section split">
        <div className="stack">
          <h2>About the method</h2>
          {entry.description ? (
            entry.description.split(/\n{2,}/).map((paragraph) => <p key={paragraph}>{paragraph}</p>)
          ) : (
            <p className="muted">
              {sealed
                ? 'The method and its training data are shown once the entry is no longer anonymous.'
                : 'The submitter gave no description.'}
            </p>
          )}
          <dl className="facts">
            {!sealed && (
              <>
                <dt>Trained on</dt>
                <dd>{entry.trainingData || 'not stated'}</dd>
              </>
            )}
            <dt>Test images</dt>
            <dd>
              {entry.testImagesSeen
                ? 'declared as seen in training or tuning'
                : entry.demo
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
              {(report ? datasetsOf(report, dataset) : [dataset]).map((name, i) => (
                <Fragment key={name}>
                  {i > 0 && ', '}
                  <Link href={`/datasets/${encodeURIComponent(name)}`}>{name}</Link>
                </Fragment>
              ))}
            </dd>
            {report && <ReportFacts report={report} />}
            <dt>Verification</dt>
            <dd>
              <LevelSentence entry={entry} />
            </dd>
            <dt>Submitted</dt>
            <dd>
              <time dateTime={entry.createdAt.toISOString()}>{moment(entry.createdAt)}</time>
            </dd>
            {entry.finishedAt && (
              <>
                <dt>Scored</dt>
                <dd>
                  <time dateTime={entry.finishedAt.toISOString()}>{moment(entry.finishedAt)}</time>
                </dd>
              </>
            )}
          </dl>
          {report && (
            <p className="cluster">
              <a href={links.receipt}>Score receipt</a>
              {links.json && <a href={links.json}>All of this as JSON</a>}
              {links.badge && <a href={links.badge}>Badge (SVG)</a>}
            </p>
          )}
        </div>
      </section>
    </div>
  );
}

/** The submitter with affiliation and the iD they signed in with; nothing while the entry is sealed. */
function Submitter({ entry: { submitter, affiliation, orcid } }: { entry: PublicEntry }) {
  if (!submitter || !(affiliation || orcid)) return null;
  return (
    <p className="cluster muted">
      <span>Submitted by {[submitter, affiliation].filter(Boolean).join(', ')}</span>
      {orcid && <OrcidId orcid={orcid} />}
    </p>
  );
}

/** Return the names shown beside the method. */
function by({ anonymous, submitter, team, authors, demo }: PublicEntry): string {
  if (anonymous && !anonymous.identityShown) return 'Anonymous';
  const people = authors || submitter;
  return [people, team].filter(Boolean).join(', ') || (demo ? 'LIVECell benchmark' : 'Submitter not named');
}

function AnonymityNote({ entry: { anonymous } }: { entry: PublicEntry }) {
  if (!anonymous?.identityShown)
    return (
      <div className="alert" data-kind="info">
        <p>Who made this entry is not told here. It was scored by the same pipeline as any other.</p>
      </div>
    );
  return (
    <div className="alert" data-kind="info">
      <p>
        You see this name; others see “{anonymous.name}”
        {anonymous.until ? ` until ${moment(anonymous.until)}` : ', until its owner says otherwise'}.
      </p>
    </div>
  );
}

function Warnings({ report }: { report: Report }) {
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

function ReportFacts({ report }: { report: Report }) {
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

function FileFacts({ file }: { file: Report['predictions'][number] }) {
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
