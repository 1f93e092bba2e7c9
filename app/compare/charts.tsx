/** Small charts of a comparison, drawn on the server. */
import { Figure, fromZero, Line, Plot, Point, type Scale } from '#app/_components/charts/plot.tsx';
import { MAX_SERIES, SERIES_STYLES } from '#app/_components/charts/series-style.tsx';
import type { WholeComparison } from '#app/_server/comparison.ts';
import { IOU_LABELS } from '#lib/charts/series.ts';
import { IOU_THRESHOLDS } from '#lib/coco/protocol.ts';
import { integer, percent } from '#lib/format.ts';
import { CELL_TYPE_NAMES } from '#lib/livecell/cell-types.ts';
import type { CompareChart } from './view.ts';

const styleOf = (k: number) => SERIES_STYLES[k % MAX_SERIES];
export const inPercent = (value: number) => String(Math.round(100 * value));
export const UNIT: Scale = { from: 0, to: 1, ticks: [0, 0.25, 0.5, 0.75, 1], label: '', format: inPercent };
export const IOUS: Scale = {
  from: 0.5,
  to: 0.95,
  ticks: [0.5, 0.6, 0.7, 0.8, 0.9],
  label: 'IoU threshold',
  format: (value) => value.toFixed(1),
};

/** Whether there is something to draw of scores: it is told of public ground truth alone. */
export function curvesOf({ curves }: WholeComparison) {
  return {
    drawn: curves.length > 0 && curves.every((curve) => curve?.precision),
    calibrated: curves.some((curve) => curve?.calibration),
  };
}

interface Props {
  comparison: WholeComparison;
  /** address of its charts as files, with a query to which name and format are added */
  files: string;
}

export function Charts({ comparison, files }: Props) {
  const { fields } = comparison;
  const { drawn, calibrated } = curvesOf(comparison);
  const of = (chart: CompareChart) => ({ comparison, files: `${files}&chart=${chart}` });
  return (
    <section className="section">
      <h2>Where they differ</h2>
      <div className="charts">
        <PerIou {...of('per-iou')} />
        <PerType {...of('by-type')} />
        {fields && <PerField {...of('by-field')} fields={fields} />}
        {drawn && <PrecisionRecall {...of('precision-recall')} />}
        {calibrated && <Calibration {...of('calibration')} />}
        {comparison.images && <PerImage {...of('images')} images={comparison.images} />}
      </div>
    </section>
  );
}

export const present = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);

export function perIouSentence({ perIou }: WholeComparison): string {
  const widest = IOU_LABELS.map((label, t) => {
    const values = present(perIou.AP.map((line) => line[t]));
    return { label, spread: values.length > 1 ? Math.max(...values) - Math.min(...values) : 0 };
  }).sort((a, b) => b.spread - a.spread)[0];
  return `They lie furthest apart at IoU ${widest.label}: ${percent(widest.spread, 1)} points.`;
}

function PerIou({ comparison, files }: Props) {
  const { entries, perIou } = comparison;
  const y = fromZero(Math.max(0.05, ...present(perIou.AP.flat())), 'AP, %', inPercent);
  const methods = entries.map(({ method }) => method);
  const sentence = perIouSentence(comparison);
  return (
    <Figure
      title="AP per IoU threshold"
      sentence={sentence}
      files={files}
      numbers={{
        head: ['IoU', ...methods],
        rows: IOU_LABELS.map((label, t) => [label, ...perIou.AP.map((line) => percent(line[t]))]),
      }}
    >
      <Plot x={IOUS} y={y} say={`AP per IoU threshold. ${sentence}`}>
        {perIou.AP.map((line, k) => {
          const points = line.flatMap((value, t): [number, number][] =>
            value === null ? [] : [[IOU_THRESHOLDS[t], value]],
          );
          return (
            <g key={entries[k].id}>
              <Line x={IOUS} y={y} points={points} color={styleOf(k).color} dash={styleOf(k).dash} />
              {points.map((at) => (
                <Point key={at[0]} x={IOUS} y={y} at={at} style={k} size={3.5} />
              ))}
            </g>
          );
        })}
      </Plot>
    </Figure>
  );
}

/** A row per label, a marker per entry, on one shared axis. */
function Dots({
  rows,
  label,
  say,
}: {
  rows: readonly { name: string; values: readonly (number | null)[] }[];
  label: string;
  say: string;
}) {
  const x = fromZero(Math.max(0.05, ...rows.flatMap(({ values }) => present(values))), label, inPercent);
  return (
    <div className="dots" role="img" aria-label={say}>
      {rows.map(({ name, values }) => {
        const known = present(values);
        return (
          <div key={name} className="dots-row">
            <span>{name}</span>
            <svg aria-hidden="true">
              {x.ticks.map((tick) => (
                <line
                  key={tick}
                  x1={`${(100 * tick) / x.to}%`}
                  x2={`${(100 * tick) / x.to}%`}
                  y1="0"
                  y2="100%"
                  stroke="var(--rule)"
                />
              ))}
              {known.length > 1 && (
                <line
                  x1={`${(100 * Math.min(...known)) / x.to}%`}
                  x2={`${(100 * Math.max(...known)) / x.to}%`}
                  y1="50%"
                  y2="50%"
                  stroke="var(--rule-2)"
                />
              )}
              {values.map(
                (value, k) =>
                  value !== null && (
                    // biome-ignore lint/suspicious/noArrayIndexKey: the place is what identifies an entry
                    <Point key={k} x={x} y={MIDDLE} at={[value, 0.5]} style={k} size={4.5} />
                  ),
              )}
            </svg>
          </div>
        );
      })}
      <div className="dots-row dots-axis" aria-hidden="true">
        <span>{label}</span>
        <div>
          {x.ticks.map((tick) => (
            <span key={tick} style={{ left: `${(100 * tick) / x.to}%` }}>
              {inPercent(tick)}
            </span>
          ))}
        </div>
      </div>
    </div>
  );
}

const MIDDLE: Scale = { from: 0, to: 1, ticks: [], label: '' };

/** AP of each cell type and size class, and what it says. */
export function byType({ entries, cellTypes, numbers }: WholeComparison) {
  const sizes = numbers.filter(({ name }) => name.endsWith(' cells'));
  const rows = [
    ...cellTypes.map(({ cellType, AP }) => ({ name: CELL_TYPE_NAMES[cellType], values: AP })),
    ...sizes.map(({ name, values }) => ({ name: name.replace('AP, ', ''), values })),
  ];
  const leads = entries.map((_, k) =>
    cellTypes.filter(({ AP }) => AP[k] !== null && AP[k] === Math.max(...present(AP))),
  );
  const sentence = leads
    .flatMap((types, k) =>
      types.length > 0
        ? [`${entries[k].method} has the highest AP on ${types.length} of ${cellTypes.length} types`]
        : [],
    )
    .join('; ');
  return { rows, sentence: sentence && `${sentence}.` };
}

export const NO_INTERVAL_OF_TYPES = 'A single type has too few fields of view for an interval.';

function PerType({ comparison, files }: Props) {
  const { entries } = comparison;
  const { rows, sentence } = byType(comparison);
  return (
    <Figure
      title="AP by cell type and by cell size"
      sentence={`${sentence} ${NO_INTERVAL_OF_TYPES}`}
      files={files}
      numbers={{
        head: ['', ...entries.map(({ method }) => method)],
        rows: rows.map(({ name, values }) => [name, ...values.map((value) => percent(value))]),
      }}
    >
      <Dots rows={rows} label="AP, %" say={`AP by cell type and by cell size. ${sentence}`} />
    </Figure>
  );
}

export const fieldRows = (fields: NonNullable<WholeComparison['fields']>) =>
  fields.map(({ field, AP }) => ({ name: field.replaceAll('_', ' '), values: AP }));
export const FIELDS_SENTENCE =
  'Each field of view by itself: the differences between them are what the intervals come from.';

function PerField({
  comparison: { entries },
  fields,
  files,
}: Props & { fields: NonNullable<WholeComparison['fields']> }) {
  const rows = fieldRows(fields);
  return (
    <Figure
      title="AP by field of view"
      sentence={FIELDS_SENTENCE}
      files={files}
      numbers={{
        head: ['Field', ...entries.map(({ method }) => method)],
        rows: rows.map(({ name, values }) => [name, ...values.map((value) => percent(value))]),
      }}
    >
      <Dots rows={rows} label="AP, %" say="AP by field of view" />
    </Figure>
  );
}

const STEP = 10;

export const PRECISION_SENTENCE =
  'At IoU 0.50, and fainter at 0.75: how many of the outlines are cells, as more of the cells are found.';

function PrecisionRecall({ comparison: { entries, curves }, files }: Props) {
  const x: Scale = { ...UNIT, label: 'Recall, %' };
  const y: Scale = { ...UNIT, label: 'Precision, %' };
  const at50 = curves.map((curve) => curve!.precision![0].values);
  const at75 = curves.map((curve) => curve!.precision![1].values);
  return (
    <Figure
      title="Precision and recall"
      sentence={PRECISION_SENTENCE}
      files={files}
      numbers={{
        head: ['Recall', ...entries.flatMap(({ method }) => [`${method}, IoU 0.50`, '0.75'])],
        rows: at50[0].flatMap((_, r) =>
          r % STEP === 0
            ? [[`${r} %`, ...at50.flatMap((line, k) => [percent(line[r], 1), percent(at75[k][r], 1)])]]
            : [],
        ),
      }}
    >
      <Plot x={x} y={y} tall say="Precision against recall at IoU 0.50 and 0.75">
        {[
          { iou: '0.75', lines: at75 },
          { iou: '0.50', lines: at50 },
        ].map(({ iou, lines }) =>
          lines.map((line, k) => (
            <g key={`${iou} ${entries[k].id}`} opacity={iou === '0.75' ? 0.5 : 1}>
              <Line
                x={x}
                y={y}
                points={line.map((value, r): [number, number] => [r / 100, value])}
                color={styleOf(k).color}
                dash={styleOf(k).dash}
                width={iou === '0.75' ? 1.25 : 2}
              />
            </g>
          )),
        )}
      </Plot>
    </Figure>
  );
}

export const CALIBRATION_SENTENCE =
  'Of the outlines with a score, the share that found a cell at IoU 0.50. On the diagonal a score can be read as the probability of being right; AP looks only at their order.';

function Calibration({ comparison: { entries, curves }, files }: Props) {
  const x: Scale = { ...UNIT, label: 'Score, %' };
  const y: Scale = { ...UNIT, label: 'Found a cell, %' };
  const rows = entries.flatMap(({ method }, k) =>
    (curves[k]?.calibration ?? []).map(({ from, to, detections, meanScore, found }) => [
      `${method}, ${inPercent(from)}–${inPercent(to)} %`,
      integer(detections),
      percent(meanScore, 1),
      percent(found, 1),
    ]),
  );
  return (
    <Figure
      title="Scores as probabilities"
      sentence={CALIBRATION_SENTENCE}
      files={files}
      numbers={{ head: ['Scores', 'Outlines', 'Mean score', 'Found a cell'], rows }}
    >
      <Plot x={x} y={y} tall say="Share of outlines that found a cell, against their score">
        <Line
          x={x}
          y={y}
          points={[
            [0, 0],
            [1, 1],
          ]}
          color="var(--rule-2)"
          dash="3 3"
          width={1}
        />
        {curves.map((curve, k) =>
          curve?.calibration ? (
            <g key={entries[k].id}>
              <Line
                x={x}
                y={y}
                points={curve.calibration.map(({ meanScore, found }): [number, number] => [meanScore, found])}
                color={styleOf(k).color}
                dash={styleOf(k).dash}
              />
              {curve.calibration.map(({ from, meanScore, found }) => (
                <Point key={from} x={x} y={y} at={[meanScore, found]} style={k} size={3.5} />
              ))}
            </g>
          ) : null,
        )}
      </Plot>
    </Figure>
  );
}

const MOST_LISTED = 20;

/** Images with an AP of the first two entries, and what they say. */
export function imagePairs({ entries }: WholeComparison, rows: NonNullable<WholeComparison['images']>) {
  const [first, second] = entries;
  const pairs = rows[0].flatMap(({ AP, name }, i) => {
    const other = rows[1][i].AP;
    return AP === null || other === null ? [] : [{ name, at: [AP, other] as [number, number] }];
  });
  const better = pairs.filter(({ at: [a, b] }) => a > b).length;
  return {
    ...{ first, second, pairs },
    title: entries.length > 2 ? 'Image by image, the first two' : 'Image by image',
    sentence: `${first.method} has the higher AP on ${integer(better)} of ${integer(pairs.length)} images.`,
  };
}

/** AP of each image, the second entry against the first. */
function PerImage({ comparison, images, files }: Props & { images: NonNullable<WholeComparison['images']> }) {
  const { first, second, pairs, title, sentence } = imagePairs(comparison, images);
  const largest = Math.max(0.05, ...pairs.flatMap(({ at }) => at));
  const x = fromZero(largest, `${first.method}, AP, %`, inPercent);
  const y = { ...x, label: `${second.method}, AP, %` };
  const furthest = [...pairs].sort((a, b) => Math.abs(b.at[0] - b.at[1]) - Math.abs(a.at[0] - a.at[1]));
  return (
    <Figure
      title={title}
      sentence={sentence}
      files={files}
      numbers={{
        head: ['Image (largest differences)', first.method, second.method, 'Difference'],
        rows: furthest
          .slice(0, MOST_LISTED)
          .map(({ name, at: [a, b] }) => [name, percent(a, 1), percent(b, 1), percent(a - b, 1)]),
      }}
    >
      <Plot x={x} y={y} tall say={`AP of each image. ${sentence}`}>
        <Line
          x={x}
          y={y}
          points={[
            [0, 0],
            [x.to, x.to],
          ]}
          color="var(--rule-2)"
          dash="3 3"
          width={1}
        />
        {pairs.map(({ name, at }) => (
          <Point key={name} x={x} y={y} at={at} size={2} color="var(--ink-2)" />
        ))}
      </Plot>
    </Figure>
  );
}
