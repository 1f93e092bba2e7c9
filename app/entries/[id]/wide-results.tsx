/** An entry of LIVECell-wide: charts and tables of masks, boxes and cell types, under every protocol. */
import Link from 'next/link';
import type { ReactNode } from 'react';
import { Chart } from '#app/_components/charts/chart.tsx';
import { INTERVAL_EXPLAINED, Interval } from '#app/_components/interval.tsx';
import { EVALUATION_NAMES } from '#app/_components/labels.ts';
import type { EntryTiming } from '#db/board/timing.ts';
import { meanOverTypes, type NamedResults, perIou } from '#lib/charts/series.ts';
import { PRIMARY_PROTOCOL, PROTOCOL_IDS, PROTOCOLS, type ProtocolId } from '#lib/coco/protocol.ts';
import { exact, percent } from '#lib/format.ts';
import type { DensityCost } from '#lib/scoring/error-costs.ts';
import type { EvaluationResults } from '#lib/scoring/report.ts';
import { isReportOf, type Report, type ReportOf } from '#lib/tasks/report.ts';
import { WhatGoesWrong } from './errors.tsx';
import { OtherPapers } from './families.tsx';
import { PerCellType } from './summary.tsx';
import { AllNumbers, WithoutRanking } from './tables.tsx';
import { TimeAgainstCells } from './timing.tsx';

type WideReport = ReportOf<'livecell-wide'>;

/** `protocols`: the links that choose the report shown. */
export function WideResultsOf({
  reports,
  report,
  protocols,
  images,
  timing,
  densities,
  id,
}: {
  reports: Partial<Record<ProtocolId, Report>>;
  report: WideReport;
  protocols: ReactNode;
  /** the page of images; null: nothing is told of single images */
  images: string | null;
  /** null or absent: the submission says no times */
  timing?: EntryTiming | null;
  densities?: readonly DensityCost[] | null;
  id: string;
}) {
  const wide: Partial<Record<ProtocolId, WideReport>> = {};
  for (const id of PROTOCOL_IDS) {
    const own = reports[id];
    if (own && isReportOf(own, 'livecell-wide')) wide[id] = own;
  }
  return (
    <>
      <section className="section" aria-labelledby="summary">
        <h2 id="summary">By cell type</h2>
        <p className="prose muted">
          Each cell type is a pool of its own. {PROTOCOLS[report.protocol].name}; values in per cent.
          {report.results.bbox.overall.interval && (
            <>
              {' '}
              Small figures are the <Link href="/protocol#intervals">{INTERVAL_EXPLAINED}</Link>.
            </>
          )}
        </p>
        {protocols}
        <PerCellType report={report} />
        <details className="fold">
          <summary>By IoU threshold</summary>
          <Charts report={report} />
        </details>
      </section>
      <section className="section" aria-labelledby="images">
        <h2 id="images">Images</h2>
        <ImagesSection images={images} id={id} />
      </section>
      <WhatGoesWrong report={wide[PRIMARY_PROTOCOL]} densities={densities} />
      {timing && <TimeAgainstCells timing={timing} />}
      <section className="section" aria-labelledby="numbers">
        <h2 id="numbers">All numbers</h2>
        <details className="fold">
          <summary>All protocols</summary>
          <div className="prose why">
            <p>
              Two sets of LIVECell numbers exist because the paper and its released code differ. The paper prints size
              classes of 500 and 1,500 pixels; the code uses 324 and 961 pixels, which are 500 and about 1,500 µm². It
              also keeps 2,000 detections per image instead of 3,000. Results published with the released code compare
              with that column. <Link href="/protocol#units">More on this</Link>
            </p>
          </div>
          <AllNumbers reports={wide} />
        </details>
        <details className="fold">
          <summary>Without ranking: F1, Jaccard, panoptic quality</summary>
          <p className="prose muted">
            {report.unscored
              ? 'Label images have no scores, so every outline counts.'
              : 'AP looks at detections in the order of their scores. These measures take one set of them: those at or above the score that gives the best F1 at IoU 0.50.'}{' '}
            {PROTOCOLS[report.protocol].name}; all images, in per cent.
          </p>
          <WithoutRanking report={report} />
        </details>
        <OtherPapers families={wide[PRIMARY_PROTOCOL]?.families} />
      </section>
    </>
  );
}

/** The way to single images, which only public ground truth allows. */
function ImagesSection({ images, id }: { images: string | null; id: string }) {
  if (!images)
    return (
      <p className="prose muted">
        Nothing is told here of single images: the ground truth of this test set is not public, and numbers of single
        images would give it away.
      </p>
    );
  return (
    <p className="cluster">
      <Link className="button" href={images}>
        Image by image, and quality control
      </Link>
      <Link href={`${images}?sort=missed`}>Where most cells were missed</Link>
      <a href={`/api/v1/submissions/${id}/images?format=csv`}>Every image as CSV</a>
    </p>
  );
}

export function Headline({ report }: { report: WideReport }) {
  const { segm, bbox } = report.results;
  return (
    <dl className="headline">
      {segm && <HeadlinePair name={EVALUATION_NAMES.segm} results={segm} />}
      <HeadlinePair name={EVALUATION_NAMES.bbox} results={bbox} />
    </dl>
  );
}

/** Shown beside the number of all images pooled, with its own name. */
function MeanOverTypes({ results, metric }: { results: EvaluationResults; metric: 'AP' | 'AFNR' }) {
  const { mean, types } = meanOverTypes(results.cellTypes, metric);
  if (mean === null) return null;
  return (
    <dd className="muted" title={`${exact(mean)}, the plain mean over ${types} cell types`}>
      Mean over types {percent(mean)}
    </dd>
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
        <MeanOverTypes results={results} metric="AP" />
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
        <MeanOverTypes results={results} metric="AFNR" />
      </div>
    </>
  );
}

function Charts({ report }: { report: WideReport }) {
  const both: NamedResults[] = [
    { name: EVALUATION_NAMES.segm, results: report.results.segm },
    { name: EVALUATION_NAMES.bbox, results: report.results.bbox },
  ];
  return (
    <div className="charts">
      <Chart kind="line" series={perIou(both, 'AP')} />
      <Chart kind="line" series={perIou(both, 'FNR')} />
    </div>
  );
}
