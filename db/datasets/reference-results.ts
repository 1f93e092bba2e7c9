/** Copies in results published elsewhere, with their protocol and source. Boards show them and never rank them. */
import { and, asc, eq, ne } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { type ReferenceResult, referenceResults } from '#db/schema.ts';
import type { Evaluation } from '#lib/coco/protocol.ts';
import { readCsv } from '#lib/csv.ts';
import { DEFAULT_TASK, listTasks } from '#lib/tasks/index.ts';
import { type PublishedNumber, splitEvaluation } from '#lib/tasks/published.ts';

type NewReferenceResult = Omit<ReferenceResult, 'id'>;

/** Marks results under another protocol or split: the task's page lists them, never beside scored entries. */
export const OTHER_PROTOCOL = 'NO';
/** Marks results on another data set than LIVECell. */
export const OTHER_DATASET = 'other dataset';
const COMPARABLE = ['yes', 'as published', OTHER_DATASET];

type Reading = PublishedNumber & { task: string };

/** Read a row with the reader of the task in its column `task`; null if no task has one. */
function read({ task, subset, metric }: Record<string, string>): Reading | null {
  const owner = listTasks().find(({ published }) => published && task.startsWith(published.rows));
  const found = owner?.published?.read({ subset, metric });
  return owner && found ? { task: owner.id, ...found } : null;
}

/** Read a row under another protocol. It keeps its own metric names: `mask mAP`, `mSA (mean TP/(TP+FP+FN) …)`. */
function readOther({ subset, metric }: Record<string, string>): Reading {
  const { evaluation, name } = splitEvaluation(metric) ?? { evaluation: 'segm', name: metric };
  // such rows are about detection or segmentation of all cell types
  return { task: DEFAULT_TASK.id, subset, metric: name, evaluation };
}

/** Parse the table of published results. Results that may not stand beside scored entries are marked `NO`. */
export function parsePublishedResults(csv: string): NewReferenceResult[] {
  const [header, ...rows] = readCsv(csv.trim());
  const names = header.fields;
  const results: NewReferenceResult[] = [];
  let above = '';
  let notebook = '';
  for (const { fields: cells, line } of rows) {
    if (cells.length !== names.length) throw new Error(`published results: ${cells.length} fields in line ${line}`);
    const row = Object.fromEntries(names.map((name, i) => [name, cells[i].trim()]));
    // `same` means the protocol of the row above; `same; …` adds to it
    const [first, ...more] = row.protocol.split(';').map((part) => part.trim());
    if (first !== 'same') above = row.protocol;
    const protocol = first === 'same' ? [above, ...more].join('; ') : row.protocol;

    const comparable = row.comparable_with_official;
    if (row.source.endsWith('.ipynb')) notebook = row.source;
    // the output of a notebook has the notebook itself as its source
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

/** Return a percentage as a fraction by moving the decimal point: 48.45 gives 0.4845, not 0.48450000000000004. */
function percent(text: string): number {
  return Number(`${text}e-2`);
}

/** Copy results in. Repeating it updates changed rows and creates no duplicates. */
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

/** List the results that may stand beside scored entries, or all of them with `otherProtocols`. */
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
