/** Results published elsewhere, copied in with their protocol and source. Shown beside the board, never ranked. */
import { and, asc, eq, ne } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { type ReferenceResult, referenceResults } from '#db/schema.ts';
import type { Evaluation } from '#lib/coco/protocol.ts';
import { readCsv } from '#lib/csv.ts';

type NewReferenceResult = Omit<ReferenceResult, 'id'>;

/** A path of `Metrics` such as `AP50` or `AR.2000`, for the names the published tables use. */
const METRICS: Readonly<Record<string, string>> = {
  AP: 'AP',
  AP50: 'AP50',
  AP75: 'AP75',
  APs: 'APs',
  APm: 'APm',
  APl: 'APl',
  AFNR: 'AFNR',
  'AR@2000': 'AR.2000',
};
const EVALUATION: Readonly<Record<string, Evaluation>> = { mask: 'segm', box: 'bbox' };
/** Follows another protocol or another split: listed on the task's page, never beside scored entries. */
export const OTHER_PROTOCOL = 'NO';
/** Of another data set than LIVECell. */
export const OTHER_DATASET = 'other dataset';
const COMPARABLE = ['yes', 'as published', OTHER_DATASET];

/** What a row's task is called here, and how its subset and metric are. */
interface Reading {
  task: string;
  subset: string;
  metric: string;
  evaluation: Evaluation;
}

/** How rows of the published table are read, by what stands in its column `task`; null: nobody knows. */
function read({ task, subset, metric }: Record<string, string>): Reading | null {
  const [kind, ...rest] = metric.split(' ');
  const instances =
    EVALUATION[kind] && METRICS[rest.join(' ')]
      ? { evaluation: EVALUATION[kind], metric: METRICS[rest.join(' ')] }
      : null;
  if (task === '1 LIVECell-wide') return instances && { task: 'livecell-wide', subset, ...instances };
  if (task.startsWith('2 single cell type')) return instances && { task: 'single-cell-type', subset, ...instances };
  if (task === '3 transferability') {
    // the paper's index and mean are those of masks
    const found = { task: 'transferability', evaluation: 'segm' as const };
    if (metric === 'transferability index') return { ...found, subset: 'all', metric: 'index' };
    if (metric === 'mean transferred AP')
      return { ...found, subset: subset.replace(/^train /, ''), metric: 'meanTransferredAP' };
    return null;
  }
  if (task === '4 fluorescence') {
    // counts know neither masks nor boxes
    const found = { task: 'fluorescence-counts', subset, evaluation: 'segm' as const };
    if (metric === 'R2 (<1600)') return { ...found, metric: 'r2' };
    return metric === 'linearity limit' ? { ...found, metric: 'linearityLimit' } : null;
  }
  if (task === '5 dataset size') {
    const share = /^(\d+)% train$/.exec(subset);
    if (metric === 'delta mask AP') return { task: 'training-size', subset: 'all', metric: 'gain', evaluation: 'segm' };
    return share && instances && { task: 'training-size', subset: share[1], ...instances };
  }
  if (task === 'external' && metric === 'AP') return { task: 'zero-shot', subset, metric: 'AP', evaluation: 'segm' };
  return null;
}

/** What follows another protocol keeps its own words: `mask mAP`, `mSA (mean TP/(TP+FP+FN) …)`. */
function readOther({ subset, metric }: Record<string, string>): Reading {
  const [kind, ...rest] = metric.split(' ');
  const evaluation = EVALUATION[kind];
  // what is not of one of the tasks is detection or segmentation of all types
  return {
    task: 'livecell-wide',
    subset,
    metric: evaluation ? rest.join(' ') : metric,
    evaluation: evaluation ?? 'segm',
  };
}

/** Every row of the published table: those that may stand beside ours, and those that may not, marked `NO`. */
export function parsePublishedResults(csv: string): NewReferenceResult[] {
  const [header, ...rows] = readCsv(csv.trim());
  const names = header.fields;
  const results: NewReferenceResult[] = [];
  let above = '';
  let notebook = '';
  for (const { fields: cells, line } of rows) {
    if (cells.length !== names.length) throw new Error(`published results: ${cells.length} fields in line ${line}`);
    const row = Object.fromEntries(names.map((name, i) => [name, cells[i].trim()]));
    // `same` means the protocol of the row above, `same; …` adds to it
    const [first, ...more] = row.protocol.split(';').map((part) => part.trim());
    if (first !== 'same') above = row.protocol;
    const protocol = first === 'same' ? [above, ...more].join('; ') : row.protocol;

    const comparable = row.comparable_with_official;
    if (row.source.endsWith('.ipynb')) notebook = row.source;
    // what the notebook printed is found where the notebook is
    const source = row.source === 'notebook output' ? `${notebook} (${row.source})` : row.source;
    const found = comparable === OTHER_PROTOCOL ? readOther(row) : COMPARABLE.includes(comparable) ? read(row) : null;
    if (!found) throw new Error(`published results: nobody knows how to read ${cells.join(',')} in line ${line}`);
    const { task, subset, evaluation, metric } = found;
    const of = { task, subset, method: row.method, evaluation };
    const about = {
      protocol: comparable === OTHER_PROTOCOL ? `${row.split}; ${protocol}` : protocol,
      source,
      comparable,
    };
    // `CTC SEG / DET / OP_CSB` and `0.652 / 0.893 / 0.772` are three results
    const [metrics, values] = [metric.split(' / '), row.value.split(' / ')];
    values.forEach((value, i) => {
      const of100 = row.unit === '%' || row.unit === 'points';
      const name = values.length > 1 ? metrics[i] : metric;
      results.push({ ...of, metric: name, value: of100 ? percent(value) : Number(value), ...about });
    });
  }
  return results;
}

/** 48.45 % as the fraction 0.4845 and not 0.48450000000000004: the decimal point moves, nothing is divided. */
function percent(text: string): number {
  return Number(`${text}e-2`);
}

/** Copies results in. Repeating it brings changed rows up to date and adds nothing twice. */
export async function saveReferenceResults(rows: NewReferenceResult[], tx: Tx = db()): Promise<void> {
  await tx.transaction(async (tx) => {
    for (const row of rows) {
      const { task, subset, method, evaluation, metric } = referenceResults;
      const { value, protocol, source, comparable } = row;
      await tx
        .insert(referenceResults)
        .values(row)
        .onConflictDoUpdate({
          target: [task, subset, method, evaluation, metric],
          set: { value, protocol, source, comparable },
        });
    }
  });
}

/** What may stand beside scored entries; with `otherProtocols` also what may not. */
export async function listReferenceResults(
  filter: { task: string; evaluation?: Evaluation; subset?: string; otherProtocols?: boolean },
  tx: Tx = db(),
): Promise<ReferenceResult[]> {
  const { task, evaluation, subset, otherProtocols } = filter;
  return tx
    .select()
    .from(referenceResults)
    .where(
      and(
        eq(referenceResults.task, task),
        otherProtocols ? undefined : ne(referenceResults.comparable, OTHER_PROTOCOL),
        evaluation && eq(referenceResults.evaluation, evaluation),
        subset === undefined ? undefined : eq(referenceResults.subset, subset),
      ),
    )
    .orderBy(asc(referenceResults.method), asc(referenceResults.metric));
}
