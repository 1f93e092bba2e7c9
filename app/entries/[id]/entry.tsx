import Link from 'next/link';
import { Fragment } from 'react';
import { Segments } from '#app/_components/choice-links.tsx';
import { Digest } from '#app/_components/digest.tsx';
import { PROTOCOL_LABELS } from '#app/_components/labels.ts';
import { LeftBehind, ScoredAgain } from '#app/_components/score-history.tsx';
import { LevelSentence } from '#app/_components/trust-badge.tsx';
import { PRIMARY_PROTOCOL, PROTOCOL_IDS, PROTOCOLS } from '#lib/coco/protocol.ts';
import { bytes, integer, moment, seconds } from '#lib/format.ts';
import type { PublicEntry } from '#lib/public-entry.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { datasetsOf, isReportOf, type Report } from '#lib/tasks/report.ts';
import { EXPOSURE_NAMES } from '#lib/vocabulary.ts';
import { hasErrors } from './errors.tsx';
import { EntryHead, type EntryProps } from './head.tsx';
import { type OfferedFile, SharingFacts } from './sharing-facts.tsx';
import { TaskResultsOf } from './task-results.tsx';
import { Headline, WideResultsOf } from './wide-results.tsx';

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
 * hidden. Details are folded; an address such as `#provenance` opens what it points to.
 */
export function EntryView(props: EntryProps) {
  const { entry, dataset, reports, history, asked, inside, links } = props;
  const scored = PROTOCOL_IDS.filter((id) => reports[id]);
  const chosen = scored.find((id) => id === asked) ?? scored.find((id) => id === PRIMARY_PROTOCOL) ?? scored[0];
  const report = chosen && reports[chosen];
  const task = parseTask(entry.task);
  const wide = report && isReportOf(report, 'livecell-wide') ? report : null;
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
      <EntryHead {...props} hasReport={report !== undefined} />

      {entry.anonymous && <AnonymityNote entry={entry} />}
      {entry.state !== 'scored' && (
        <div className="alert" data-kind="warn">
          <p>
            There are no scores. {STATE_WORDS[entry.state]}{' '}
            {inside && <Link href={`/submissions/${entry.id}`}>Follow this submission</Link>}
          </p>
        </div>
      )}
      <LeftBehind history={history} inside={inside} />

      {wide && <Headline report={wide} />}
      <Contents
        sections={[
          report && ['summary', 'Summary'],
          wide && ['images', 'Images'],
          wide && hasErrors(reports[PRIMARY_PROTOCOL]) && ['errors', 'Errors'],
          props.timing && ['time', 'Time'],
          wide && ['numbers', 'All numbers'],
          ['method', 'Method'],
          ['provenance', 'Provenance'],
        ]}
      />
      {wide && (
        <WideResultsOf
          {...{ reports, report: wide, protocols, densities: props.densities }}
          images={links.images}
          timing={props.timing}
          id={entry.id}
        />
      )}
      {report && task && !wide && (
        <div id="summary">
          {task.kind.evaluated && protocols}
          <TaskResultsOf task={task} report={report} method={entry.method} dataset={dataset} />
        </div>
      )}

      <ScoredAgain history={history} />
      <div className="section split">
        <AboutTheMethod entry={entry} report={report} />
        <Provenance entry={entry} dataset={dataset} part={props.part} report={report} files={links.files ?? []} />
      </div>
    </div>
  );
}

/** Links to the sections of the page; they stay in sight while it scrolls. */
function Contents({ sections }: { sections: readonly (readonly [string, string] | false | null | undefined)[] }) {
  const shown = sections.filter((section) => section !== false && section !== null && section !== undefined);
  return (
    <nav className="tabs on-this-page" aria-label="On this page">
      <ul>
        {shown.map(([id, name]) => (
          <li key={id}>
            <a href={`#${id}`}>{name}</a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function AboutTheMethod({ entry, report }: { entry: PublicEntry; report: Report | undefined }) {
  const sealed = entry.anonymous !== null && !entry.anonymous.identityShown;
  return (
    <section className="stack" aria-labelledby="method">
      <h2 id="method">About the method</h2>
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
            <dd>
              {entry.trainingData || 'not stated'}
              {entry.exposure && `; ${EXPOSURE_NAMES[entry.exposure]}`}
            </dd>
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
    </section>
  );
}

function Provenance({
  entry,
  dataset,
  part,
  report,
  files,
}: Pick<EntryProps, 'entry' | 'dataset' | 'part'> & {
  report: Report | undefined;
  files: readonly OfferedFile[];
}) {
  return (
    <section className="stack" aria-labelledby="provenance">
      <h2 id="provenance">Provenance</h2>
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
        {part && (
          <>
            <dt>Part</dt>
            <dd>{part}</dd>
          </>
        )}
        {report && <ReportFacts report={report} />}
        <SharingFacts entry={entry} files={files} />
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
    </section>
  );
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
        <Digest of={groundTruth.sha256} what="the ground truth" />
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
        <Digest of={file.sha256} what={`the predictions${file.slot === 'all' ? '' : `, ${file.slot}`}`} />
      </dd>
    </>
  );
}
