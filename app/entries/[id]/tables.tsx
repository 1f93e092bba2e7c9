import { Interval } from '#app/_components/interval.tsx';
import { EVALUATION_NAMES, PROTOCOL_LABELS } from '#app/_components/labels.ts';
import { IOU_LABELS } from '#lib/charts/series.ts';
import { EVALUATIONS, PROTOCOL_IDS, type ProtocolId } from '#lib/coco/protocol.ts';
import { exact, percent } from '#lib/format.ts';
import type { Metrics } from '#lib/scoring/report.ts';
import { type Column, columnNumber, fillLimits, readerOf, readInterval } from '#lib/tasks/columns.ts';
import { TASKS } from '#lib/tasks/index.ts';
import type { ReportOf } from '#lib/tasks/report.ts';

/** The board's names of the numbers, so that every page uses the same. */
const COLUMNS = TASKS['livecell-wide'].columns.filter(({ onDemand }) => !onDemand);

/** Every number of the report under every protocol: rows are metrics, columns are protocols. */
export function AllNumbers({ reports }: { reports: Partial<Record<ProtocolId, ReportOf<'livecell-wide'>>> }) {
  const protocols = PROTOCOL_IDS.filter((id) => reports[id]);
  const evaluations = EVALUATIONS.filter((evaluation) => protocols.some((id) => reports[id]?.results[evaluation]));
  return (
    <Frame label="All numbers under all protocols">
      <table>
        <caption className="visually-hidden">All metrics, in per cent, by evaluation and protocol</caption>
        <thead>
          <tr className="groups">
            <td />
            {evaluations.map((evaluation) => (
              <th key={evaluation} scope="colgroup" colSpan={protocols.length}>
                {EVALUATION_NAMES[evaluation]}
              </th>
            ))}
          </tr>
          <tr>
            <th scope="col">Metric</th>
            {evaluations.flatMap((evaluation) =>
              protocols.map((id) => (
                <th key={evaluation + id} scope="col" className="num">
                  {PROTOCOL_LABELS[id]}
                </th>
              )),
            )}
          </tr>
        </thead>
        <tbody>
          {COLUMNS.map((column) => (
            <tr key={column.key}>
              <th scope="row">
                <MetricName column={column} protocols={protocols} />
              </th>
              {evaluations.flatMap((evaluation) =>
                protocols.map((id) => {
                  const view = { protocol: id, evaluation };
                  const results = reports[id]?.results;
                  const value = columnNumber(column, results, view);
                  return (
                    <td key={evaluation + id} className="num" title={`${label(column, id)}: ${exact(value)}`}>
                      {percent(value)}
                      <Interval of={readInterval(column, view, readerOf(results))} />
                    </td>
                  );
                }),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </Frame>
  );
}

/** Recall limits differ between protocols: the row lists them all, in the order of the columns. */
function MetricName({ column, protocols }: { column: Column; protocols: readonly ProtocolId[] }) {
  const labels = [...new Set(protocols.map((id) => label(column, id)))];
  const shown = labels.length > 1 ? `AR@${labels.map((text) => text.replace('AR@', '')).join(' / ')}` : labels[0];
  return (
    <abbr
      title={labels.length > 1 ? 'Average recall at each protocol’s limit' : fillLimits(column.title, protocols[0])}
    >
      {shown}
    </abbr>
  );
}

function label(column: Column, id: ProtocolId): string {
  return fillLimits(column.label, id);
}

const WITHOUT_RANKING = [
  ['f1PerIou', 'F1', 'Twice the matched over all detections and all cells, pooled over all images'],
  ['jaccardPerIou', 'Jaccard', 'Matched over matched, missed and invented, pooled over all images'],
  [
    'meanImageJaccardPerIou',
    'Jaccard, mean of images',
    'The same per image, then averaged: what the Cellpose and StarDist papers call average precision',
  ],
] as const;

/** Measures of one set of detections, those with at least a certain score, whatever their order. */
export function WithoutRanking({ report }: { report: ReportOf<'livecell-wide'> }) {
  const evaluations = EVALUATIONS.filter((evaluation) => report.results[evaluation]);
  return (
    <Frame label="Measures without ranking">
      <table>
        <caption className="visually-hidden">Measures without ranking by IoU threshold, in per cent</caption>
        <thead>
          <tr className="groups">
            <td />
            <th scope="colgroup" colSpan={IOU_LABELS.length}>
              IoU threshold
            </th>
          </tr>
          <tr>
            <th scope="col">Measure</th>
            {IOU_LABELS.map((iou) => (
              <th key={iou} scope="col" className="num">
                {iou}
              </th>
            ))}
          </tr>
        </thead>
        {evaluations.map((evaluation) => {
          const { overall } = report.results[evaluation]!;
          return (
            <tbody key={evaluation}>
              <tr>
                <th scope="rowgroup" colSpan={IOU_LABELS.length + 1}>
                  <span>
                    {EVALUATION_NAMES[evaluation]}: <Operating metrics={overall} />
                  </span>
                </th>
              </tr>
              {WITHOUT_RANKING.map(([field, name, title]) => {
                const values = overall[field];
                return (
                  values && (
                    <tr key={field}>
                      <th scope="row">
                        <abbr title={title}>{name}</abbr>
                      </th>
                      {values.map((value, t) => (
                        <td key={IOU_LABELS[t]} className="num" title={exact(value)}>
                          {percent(value)}
                        </td>
                      ))}
                    </tr>
                  )
                );
              })}
            </tbody>
          );
        })}
      </table>
    </Frame>
  );
}

/** The detections counted, and the one number without a threshold of its own. */
function Operating({ metrics: { scoreThreshold, pq } }: { metrics: Metrics }) {
  return (
    <>
      {typeof scoreThreshold === 'number' ? (
        <>
          detections with a score of at least <span title={exact(scoreThreshold)}>{scoreThreshold.toPrecision(3)}</span>
        </>
      ) : (
        'all detections'
      )}
      ; panoptic quality{' '}
      <span className="num" title={exact(pq)}>
        {percent(pq)}
      </span>
    </>
  );
}

export function Frame({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling frame must be reachable by keyboard
    <section className="table-scroll wide" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
