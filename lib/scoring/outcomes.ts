/**
 * What became of every object and every detection of one evaluation, in one compact buffer: comparing entries cell by
 * cell, slices, curves and tables of images read it, and nothing is matched a second time. `docs/outcomes.md` has the
 * layout.
 *
 * It holds the matches under the primary protocol, all four size classes, and the errors by kind. Scores and fates are
 * exact, so that numbers computed from it equal those of the report. IoU is in steps of 1/65535, too coarse to be read
 * as a threshold; `found` says exactly which thresholds were passed.
 */
import { allocate, type Dataset } from '../coco/dataset.ts';
import { classIndex, type Evaluating, type Matches } from '../coco/match.ts';
import { type Evaluation, PRIMARY_PROTOCOL, PROTOCOLS } from '../coco/protocol.ts';
import { orderEntries, type Ranking } from '../coco/rank.ts';
import { NOT_COUNTED } from './error-kinds.ts';
import { type Errors, IOU_STEPS } from './errors-by-kind.ts';
import { EVALUATOR_VERSION } from './version.ts';

/** Facts in the header. */
export interface OutcomesHead {
  evaluation: Evaluation;
  evaluator: string;
  /** of the ground truth, as in the report */
  groundTruth: string;
  /** the predictions have no scores */
  unscored: boolean;
  /** score threshold of the pooled numbers, at which `pooled` kinds were named; null: none, all detections take part */
  scoreThreshold: number | null;
  fileNames: string[];
}

/** Shapes: I images, G objects, E entries (detections of an image, by score), A = 4 size classes. Bit t is threshold t. */
export interface Outcomes extends OutcomesHead {
  /** [I + 1] first object and first entry of each image */
  objectStart: Uint32Array;
  entryStart: Uint32Array;
  /** [A × I] objects that count */
  countable: Uint32Array;
  /**
   * [G] best IoU with a detection, in `IOU_STEPS`; 0 below IoU 0.1. Of detections below the score threshold only the
   * object's own match is known.
   */
  bestIou: Uint16Array;
  /** [G] thresholds at which it is found */
  found: Uint16Array;
  /**
   * [2 × G] kind of error (1 + index in `ERROR_KINDS`, 0 for none), pooled and within its cell type; `NOT_COUNTED` for
   * objects that are never missed, such as crowd regions
   */
  objectKind: Uint8Array;
  /** [E] */
  score: Float64Array;
  /** [E] detection in the file: the n-th that was read, from 0 */
  detection: Uint32Array;
  /** [E] object matched at IoU 0.5, -1 for none */
  object: Int32Array;
  /** [A × E] fate, as in `Matches` */
  fate: Int32Array;
  /** [2 × E] kind of error, as of objects */
  kind: Uint8Array;
  /**
   * [E] thresholds at which the repair of its pooled kind turns a detection into a match, and [G] those at which it takes
   * an object out of the count; absent from files of before
   */
  becomes?: Uint16Array;
  leaves?: Uint16Array;
}

const COLUMNS = {
  objectStart: Uint32Array,
  entryStart: Uint32Array,
  countable: Uint32Array,
  bestIou: Uint16Array,
  found: Uint16Array,
  objectKind: Uint8Array,
  score: Float64Array,
  detection: Uint32Array,
  object: Int32Array,
  fate: Int32Array,
  becomes: Uint16Array,
  leaves: Uint16Array,
  kind: Uint8Array,
} as const;
type ColumnName = keyof typeof COLUMNS;
const COLUMN_NAMES = Object.keys(COLUMNS) as ColumnName[];

const MAGIC = 'LCOUTCOM';
const VERSION = 1;

interface Header extends OutcomesHead {
  version: number;
  columns: { name: ColumnName; offset: number; length: number }[];
}

/** The four size classes of an outcomes file, in order. */
export const OUTCOME_CLASSES = PROTOCOLS[PRIMARY_PROTOCOL].areaRanges;

/**
 * Collect the outcomes of one evaluation that has been matched, with its errors named. The columns are views of the
 * evaluation where possible.
 *
 * @param evaluating its matches must include `found` and the primary protocol's size classes
 */
export function collectOutcomes(
  dataset: Dataset,
  { ranking, matches }: Evaluating,
  errors: Errors,
  scoreThreshold: number | null,
): Outcomes {
  const { count } = ranking;
  const images = dataset.images.ids.length;
  const classes = OUTCOME_CLASSES.map((range) => classIndex(matches.classes, range));
  const bestIou = errors.best.slice();
  for (let e = 0; e < count; e++) {
    const g = matches.object[e];
    if (matches.iou[e] > 0) bestIou[g] = Math.max(bestIou[g], Math.round(matches.iou[e] * IOU_STEPS));
  }
  const pick = <Row extends Uint32Array | Int32Array>(rows: Row, length: number, into: Row): Row => {
    classes.forEach((from, a) => {
      into.set(rows.subarray(from * length, (from + 1) * length), a * length);
    });
    return into;
  };
  return {
    evaluation: matches.evaluation,
    evaluator: EVALUATOR_VERSION,
    groundTruth: dataset.meta.sha256,
    unscored: ranking.unscored ?? false,
    scoreThreshold,
    fileNames: dataset.images.fileNames,
    objectStart: dataset.objectStart,
    entryStart: ranking.start,
    countable: pick(matches.countable, images, new Uint32Array(classes.length * images)),
    bestIou,
    found: matches.found,
    objectKind: kindsOf(dataset, errors),
    score: ranking.score,
    detection: ranking.detection,
    // entries beyond every detection limit were never matched, and their columns are zero
    object: matches.object.map((g, e) => (matches.iou[e] > 0 ? g : -1)),
    fate: pick(matches.fate, count, new Int32Array(classes.length * count)),
    kind: errors.detection,
    becomes: errors.becomes.subarray(0, count),
    leaves: errors.leaves.subarray(0, dataset.objects.count),
  };
}

function kindsOf({ objects }: Dataset, errors: Errors): Uint8Array {
  const kinds = errors.object.slice();
  const [{ min, max }] = OUTCOME_CLASSES;
  for (let g = 0; g < objects.count; g++) {
    if (!objects.crowd[g] && objects.area[g] >= min && objects.area[g] <= max) continue;
    kinds[g] = NOT_COUNTED;
    kinds[objects.count + g] = NOT_COUNTED;
  }
  return kinds;
}

/** Write outcomes into one buffer: magic, length of the header, JSON header, columns (little-endian). */
export function packOutcomes(outcomes: Outcomes): Uint8Array<ArrayBuffer> {
  let offset = 0;
  const columns = COLUMN_NAMES.flatMap((name) => {
    const numbers = outcomes[name];
    if (!numbers) return [];
    const column = { name, offset, length: numbers.length };
    offset += padded(numbers.byteLength);
    return [column];
  });
  const { evaluation, evaluator, groundTruth, unscored, scoreThreshold, fileNames } = outcomes;
  const header: Header = {
    version: VERSION,
    evaluation,
    evaluator,
    groundTruth,
    unscored,
    scoreThreshold,
    fileNames,
    columns,
  };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const start = padded(12 + text.length);
  const packed = new Uint8Array(start + offset);
  packed.set(new TextEncoder().encode(MAGIC));
  new DataView(packed.buffer).setUint32(8, text.length, true);
  packed.set(text, 12);
  for (const { name, offset: at } of columns) {
    const column = outcomes[name]!;
    packed.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), start + at);
  }
  return packed;
}

/**
 * Read outcomes in place; the columns are views of `bytes`, or of a copy where these do not begin at a multiple of 8.
 *
 * @throws Error if the bytes are no outcomes of this version, or are cut off
 */
export function readOutcomes(bytes: Uint8Array): Outcomes {
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset } = aligned;
  if (new TextDecoder().decode(aligned.slice(0, 8)) !== MAGIC) throw new Error('Not outcomes: it starts otherwise.');
  const length = new DataView(buffer, byteOffset).getUint32(8, true);
  const header = JSON.parse(new TextDecoder().decode(aligned.slice(12, 12 + length))) as Header;
  if (header.version !== VERSION)
    throw new Error(`Outcomes have version ${header.version}, expected ${VERSION}: score the submission again.`);
  const start = padded(12 + length);
  const columns = header.columns.map(({ name, offset, length: numbers }) => {
    const Column = COLUMNS[name];
    if (start + offset + numbers * Column.BYTES_PER_ELEMENT > aligned.length)
      throw new Error(`Outcomes are cut off within “${name}”.`);
    return [name, new Column(buffer as ArrayBuffer, byteOffset + start + offset, numbers)];
  });
  const { evaluation, evaluator, groundTruth, unscored, scoreThreshold, fileNames } = header;
  const head: OutcomesHead = { evaluation, evaluator, groundTruth, unscored, scoreThreshold, fileNames };
  // the header lists the columns that `packOutcomes` wrote
  return { ...head, ...(Object.fromEntries(columns) as Pick<Outcomes, ColumnName>) };
}

/**
 * Return the evaluation as it was matched, for curves and slices. IoUs of matches are not kept: measures that sum them,
 * such as panoptic quality, cannot be computed from it.
 */
export function evaluatingOf(outcomes: Outcomes): Evaluating {
  const { entryStart, detection, score, unscored, evaluation, fate, countable, object, found } = outcomes;
  const count = detection.length;
  const image = new Uint32Array(allocate(4 * count));
  for (let i = 0; i + 1 < entryStart.length; i++) image.fill(i, entryStart[i], entryStart[i + 1]);
  const ranking: Ranking = {
    count,
    start: entryStart,
    detection,
    image,
    order: new Uint32Array(allocate(4 * count)),
    place: new Uint32Array(allocate(4 * count)),
    score,
    ...(unscored && { unscored }),
  };
  orderEntries(ranking);
  const matches: Matches = {
    evaluation,
    classes: [...OUTCOME_CLASSES],
    fate,
    countable,
    iou: new Float64Array(count),
    object,
    found,
  };
  return { ranking, matches };
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
