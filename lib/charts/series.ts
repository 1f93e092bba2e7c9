/**
 * Reports → what a chart draws. Each result is the rows (also the chart's data table) and a sentence that says
 * what they show, so that the chart, its accessible form and its description cannot disagree.
 */
import { IOU_THRESHOLDS } from '#lib/coco/protocol.ts';
import { list, percent } from '#lib/format.ts';
import { CELL_TYPE_NAMES, CELL_TYPES, type CellType } from '#lib/livecell/cell-types.ts';
import { ERROR_KINDS, type ErrorKind } from '#lib/scoring/error-kinds.ts';
import type { EvaluationResults, Metrics } from '#lib/scoring/report.ts';

/** Results of one evaluation (masks or boxes) with the name of its line or bar; none if a file has no masks. */
export interface NamedResults {
  readonly name: string;
  readonly results: EvaluationResults | undefined;
}

/** Results that have metrics per cell type, whatever else they have. */
interface NamedTypes {
  readonly name: string;
  readonly results: Pick<EvaluationResults, 'cellTypes'> | undefined;
}

interface SeriesRow {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** 95 % intervals of the values, if the reports have them */
  readonly intervals?: readonly (readonly [number, number] | null)[];
}

export interface Series {
  readonly title: string;
  readonly sentence: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly better: 'higher' | 'lower';
  readonly names: readonly string[];
  /** `values` in the order of `names`, fractions; `null` if there is nothing to average */
  readonly rows: readonly SeriesRow[];
  /** style index of each name, for names that keep their style across charts; default: their order */
  readonly styles?: readonly number[];
}

/** `0.50 … 0.95`: the thresholds as people write them (the ninth is really 0.8999999999999999). */
export const IOU_LABELS: readonly string[] = Array.from(IOU_THRESHOLDS, (iou) => iou.toFixed(2));

const PER_IOU = {
  AP: { title: 'AP per IoU threshold', yLabel: 'AP, %', better: 'higher', field: 'apPerIou', word: 'highest AP' },
  FNR: {
    title: 'False-negative ratio per IoU threshold',
    yLabel: 'False-negative ratio, %',
    better: 'lower',
    field: 'fnrPerIou',
    word: 'lowest false-negative ratio',
  },
} as const;

/** Return one line per method over the ten IoU thresholds. Methods without results are left out. */
export function perIou(
  methods: readonly (NamedResults | NamedTypes)[],
  metric: keyof typeof PER_IOU,
  cellType: CellType | null = null,
): Series {
  const { title, yLabel, better, field, word } = PER_IOU[metric];
  const slice = (results: { overall?: Metrics } & NonNullable<NamedTypes['results']>): Metrics | undefined =>
    cellType ? results.cellTypes[cellType] : results.overall;
  const lines = present(methods, slice);
  const rows = IOU_LABELS.map((label, t) => ({ label, values: lines.map(({ value }) => value[field][t]) }));
  const names = lines.map(({ name }) => name);
  const at = (t: number) => best(names, rows[t].values, better);
  const [loose, strict] = [at(0), at(5)];
  return {
    title: cellType ? `${title}, ${CELL_TYPE_NAMES[cellType]}` : title,
    sentence: !loose
      ? 'There is nothing to draw for this choice.'
      : names.length === 1
        ? `${names[0]}: ${percent(rows[0].values[0], 1)} % at IoU 0.50, ${percent(rows[5].values[0], 1)} % at 0.75 and ${percent(rows[9].values[0], 1)} % at 0.95.`
        : `At IoU 0.50 the ${word} is ${loose.text}${strict ? `; at 0.75 it is ${strict.text}` : ''}.`,
    xLabel: 'IoU threshold',
    yLabel,
    better,
    names,
    rows,
  };
}

const BY_TYPE = {
  AP: { title: 'AP by cell type', yLabel: 'AP, %', better: 'higher', hardest: 'lowest' },
  AFNR: { title: 'AFNR by cell type', yLabel: 'AFNR, %', better: 'lower', hardest: 'highest' },
} as const;

/** Return a group of bars per cell type, one bar per method; types that no method has are left out. */
export function byCellType(methods: readonly NamedTypes[], metric: keyof typeof BY_TYPE): Series {
  const { title, yLabel, better, hardest } = BY_TYPE[metric];
  const bars = present(methods, (results) => results.cellTypes);
  const types = CELL_TYPES.filter((type) => bars.some(({ value }) => value[type]));
  const known = bars.some(({ value }) => types.some((type) => value[type]?.interval));
  const rows = types.map((type) => ({
    label: CELL_TYPE_NAMES[type],
    values: bars.map(({ value }) => value[type]?.[metric] ?? null),
    ...(known && { intervals: bars.map(({ value }) => value[type]?.interval?.[metric] ?? null) }),
  }));
  // methods with the same hardest type share a clause
  const hardestTypes = new Map<string, string[]>();
  bars.forEach(({ name }, i) => {
    const worst = best(
      rows.map(({ label }) => label),
      rows.map(({ values }) => values[i]),
      better === 'higher' ? 'lower' : 'higher',
    );
    if (!worst) return;
    const clause = `${name} (${percent(worst.value, 1)} %)`;
    hardestTypes.set(worst.who, [...(hardestTypes.get(worst.who) ?? []), clause]);
  });
  const said = [...hardestTypes].map(([type, methods]) => `${type} for ${list(methods)}`);
  return {
    title,
    sentence: said.length
      ? `The ${hardest} ${metric} is on ${said.join('; ')}.`
      : 'There is nothing to draw for this choice.',
    xLabel: 'Cell type',
    yLabel,
    better,
    names: bars.map(({ name }) => name),
    rows,
  };
}

/** Names of the errors, in the words of biologists. */
export const ERROR_NAMES: Readonly<Record<ErrorKind, string>> = {
  missed: 'Missed',
  poorBoundary: 'Poor outline',
  split: 'Split',
  merge: 'Merged',
  duplicate: 'Outlined twice',
  background: 'No cell there',
};

const ERROR_SIDES = {
  objects: {
    title: 'Cells not found',
    yLabel: 'Cells, %',
    kinds: ['missed', 'poorBoundary', 'split', 'merge'],
    what: 'of its cells',
  },
  detections: {
    title: 'False outlines',
    yLabel: 'Per 100 cells',
    kinds: ['poorBoundary', 'split', 'merge', 'duplicate', 'background'],
    what: 'outlines per 100 cells',
  },
} as const satisfies Record<string, { kinds: readonly ErrorKind[] } & Record<string, unknown>>;

/**
 * Return a stack per cell type, relative to its number of cells; types without cells or without named errors are left
 * out.
 */
export function byErrorKind({ cellTypes }: EvaluationResults, side: keyof typeof ERROR_SIDES): Series {
  const { title, yLabel, kinds, what } = ERROR_SIDES[side];
  const rows = CELL_TYPES.flatMap((type) => {
    const { errors, objects = 0 } = cellTypes[type] ?? {};
    if (!errors || objects === 0) return [];
    return [{ label: CELL_TYPE_NAMES[type], values: kinds.map((kind) => errors[kind][side] / objects) }];
  });
  const totals = rows.map(({ values }) => values.reduce((sum, value) => sum + value, 0));
  const labels = rows.map(({ label }) => label);
  const worst = best(labels, totals, 'lower') && best(labels, totals, 'higher');
  const say = (share: number): string => `${percent(share, 1)}${side === 'objects' ? ' %' : ''} ${what}`;
  let sentence = 'There is nothing to draw for this choice.';
  if (worst && worst.value === 0) sentence = side === 'objects' ? 'Every cell was found.' : 'No outline is false.';
  else if (worst) {
    const { values } = rows[totals.indexOf(worst.value)];
    const main = kinds[values.indexOf(Math.max(...values))];
    sentence = `Most on ${worst.who}: ${say(worst.value)}, of which “${ERROR_NAMES[main].toLowerCase()}” is the largest part.`;
  }
  return {
    title,
    sentence,
    xLabel: 'Cell type',
    yLabel,
    better: 'lower',
    names: rows.length > 0 ? kinds.map((kind) => ERROR_NAMES[kind]) : [],
    rows,
    styles: kinds.map((kind) => ERROR_KINDS.indexOf(kind)),
  };
}

/** Return the unweighted mean over the cell types that have a number, and how many those are. */
export function meanOverTypes(
  cellTypes: Partial<Record<CellType, Partial<Pick<Metrics, 'AP' | 'AFNR'>>>>,
  metric: 'AP' | 'AFNR',
): { mean: number | null; types: number } {
  const values = CELL_TYPES.map((type) => cellTypes[type]?.[metric]).filter((value) => typeof value === 'number');
  if (values.length === 0) return { mean: null, types: 0 };
  return { mean: values.reduce((sum, value) => sum + value, 0) / values.length, types: values.length };
}

function present<R, T>(
  methods: readonly { readonly name: string; readonly results: R | undefined }[],
  read: (results: R) => T | undefined,
) {
  const found: { name: string; value: T }[] = [];
  for (const { name, results } of methods) {
    const value = results && read(results);
    if (value !== undefined) found.push({ name, value });
  }
  return found;
}

/** Return the best value with its name, or with all names that share it. */
function best(names: readonly string[], values: readonly (number | null)[], better: 'higher' | 'lower') {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return null;
  const value = better === 'higher' ? Math.max(...known) : Math.min(...known);
  const who = names.filter((_, i) => values[i] === value);
  return { value, who: list(who), text: `${percent(value, 1)} %, of ${list(who)}` };
}
