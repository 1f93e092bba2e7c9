import { Chart } from '#app/_components/charts/chart.tsx';
import { EVALUATION_NAMES } from '#app/_components/labels.ts';
import { byErrorKind, ERROR_NAMES } from '#lib/charts/series.ts';
import { EVALUATIONS, type Evaluation, PROTOCOLS } from '#lib/coco/protocol.ts';
import { exact, integer, percent } from '#lib/format.ts';
import { CELL_TYPE_NAMES, CELL_TYPES } from '#lib/livecell/cell-types.ts';
import type { DensityCost } from '#lib/scoring/error-costs.ts';
import { ERROR_KINDS, type ErrorKind } from '#lib/scoring/error-kinds.ts';
import type { EvaluationResults, Metrics } from '#lib/scoring/report.ts';
import { isReportOf, type Report, type ReportOf } from '#lib/tasks/report.ts';
import { ErrorCosts } from './error-costs.tsx';
import { Frame } from './tables.tsx';

const EXPLAINED: Readonly<Record<ErrorKind, string>> = {
  missed: 'A cell that no outline comes near (IoU below 0.1 with all of them).',
  poorBoundary: 'Cell and outline meet, but share too little to count as the same (IoU from 0.1 to 0.5).',
  split: 'One cell cut into pieces: two or more outlines lie mostly inside it.',
  merge: 'Several cells taken for one: an outline covers most of two or more cells.',
  duplicate: 'A further outline of a cell that already has one.',
  background: 'An outline on background, debris or dead cells without an annotation.',
};

/** The sides of each kind: a missed cell has no outline, an outline on background no cell. */
const SIDES: Readonly<Record<ErrorKind, readonly ('objects' | 'detections')[]>> = {
  missed: ['objects'],
  poorBoundary: ['objects', 'detections'],
  split: ['objects', 'detections'],
  merge: ['objects', 'detections'],
  duplicate: ['detections'],
  background: ['detections'],
};
const SIDE_NAMES = { objects: 'Cells', detections: 'Outlines' } as const;

/** Tell whether a report has errors by kind; reports of old evaluators have none. */
export function hasErrors(report: Report | undefined): boolean {
  return (
    report !== undefined &&
    isReportOf(report, 'livecell-wide') &&
    EVALUATIONS.some((evaluation) => report.results[evaluation]?.overall.errors)
  );
}

/** Errors by kind from the primary protocol's report; nothing for old reports without them. */
export function WhatGoesWrong({
  report,
  densities,
}: {
  report: ReportOf<'livecell-wide'> | undefined;
  densities?: readonly DensityCost[] | null;
}) {
  const evaluations = EVALUATIONS.filter((evaluation) => report?.results[evaluation]?.overall.errors);
  if (!report || evaluations.length === 0) return null;
  const [main, ...others] = evaluations;
  const results = report.results[main]!;
  const threshold = results.overall.scoreThreshold;
  return (
    <section className="section errors" aria-labelledby="errors">
      <h2 id="errors">What goes wrong</h2>
      <div className="prose muted">
        <p>
          Every cell that was not found and every false outline, each under exactly one name. Counted at IoU 0.50
          {typeof threshold === 'number' && ', with the outlines at or above the score that gives the best F1'}.{' '}
          {PROTOCOLS[report.protocol].name}.
        </p>
      </div>
      <div className="charts">
        <Chart kind="stack" series={byErrorKind(results, 'objects')} />
        <Chart kind="stack" series={byErrorKind(results, 'detections')} />
      </div>
      <ErrorCosts results={results} densities={densities} />
      <details className="fold">
        <summary>Errors by cell type, {EVALUATION_NAMES[main].toLowerCase()}</summary>
        <p className="prose muted">
          ΔAP is what AP would gain, in points of 100, if that one kind did not exist. The gains do not add up: errors
          hide one another.
        </p>
        <ErrorTable results={results} evaluation={main} />
        {others.map((evaluation) => (
          <details key={evaluation}>
            <summary>The same for {EVALUATION_NAMES[evaluation].toLowerCase()}</summary>
            <ErrorTable results={report.results[evaluation]!} evaluation={evaluation} />
          </details>
        ))}
      </details>
      <details className="fold">
        <summary>What each kind means</summary>
        <dl className="kinds">
          {ERROR_KINDS.map((kind) => (
            <div key={kind}>
              <dt>{ERROR_NAMES[kind]}</dt>
              <dd>{EXPLAINED[kind]}</dd>
            </div>
          ))}
        </dl>
      </details>
    </section>
  );
}

function ErrorTable({ results, evaluation }: { results: EvaluationResults; evaluation: Evaluation }) {
  const types = CELL_TYPES.filter((type) => results.cellTypes[type]?.errors);
  const label = `Errors by cell type, ${EVALUATION_NAMES[evaluation].toLowerCase()}`;
  return (
    <Frame label={label}>
      <table>
        <caption className="visually-hidden">{label}: counts, and the gain in AP in points</caption>
        <thead>
          <tr className="groups">
            <td />
            <td />
            {ERROR_KINDS.map((kind) => (
              <th key={kind} scope="colgroup" colSpan={SIDES[kind].length + 1}>
                <abbr title={EXPLAINED[kind]}>{ERROR_NAMES[kind]}</abbr>
              </th>
            ))}
          </tr>
          <tr>
            <th scope="col">Cell type</th>
            <th scope="col" className="num">
              All cells
            </th>
            {ERROR_KINDS.flatMap((kind) => [
              ...SIDES[kind].map((side) => (
                <th key={kind + side} scope="col" className="num">
                  {SIDE_NAMES[side]}
                </th>
              )),
              <th key={kind} scope="col" className="num">
                <abbr title="What AP would gain without this kind, in points of 100">ΔAP</abbr>
              </th>,
            ])}
          </tr>
        </thead>
        <tbody>
          {types.map((type) => (
            <ErrorRow key={type} name={CELL_TYPE_NAMES[type]} metrics={results.cellTypes[type]!} />
          ))}
        </tbody>
        <tbody className="totals">
          <ErrorRow
            name={
              <abbr title="Counted at one score threshold for all images, so not the sum of the rows above">
                All images pooled
              </abbr>
            }
            metrics={results.overall}
          />
        </tbody>
      </table>
    </Frame>
  );
}

function ErrorRow({ name, metrics }: { name: React.ReactNode; metrics: Metrics }) {
  const errors = metrics.errors!;
  return (
    <tr>
      <th scope="row">{name}</th>
      <td className="num">{integer(metrics.objects)}</td>
      {ERROR_KINDS.flatMap((kind) => [
        ...SIDES[kind].map((side) => (
          <td key={kind + side} className="num">
            {integer(errors[kind][side])}
          </td>
        )),
        <td key={kind} className="num gain" title={exact(errors[kind].deltaAP)}>
          {percent(errors[kind].deltaAP)}
        </td>,
      ])}
    </tr>
  );
}
