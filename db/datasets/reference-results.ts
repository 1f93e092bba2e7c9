/** Results published elsewhere, copied in with their protocol and source. Shown beside the board, never ranked. */
import { and, asc, eq, ne } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { type ReferenceResult, referenceResults } from '#db/schema.ts';
import type { Evaluation } from '#lib/coco/protocol.ts';
import { readCsv } from '#lib/csv.ts';
import { DEFAULT_TASK, listTasks } from '#lib/tasks/index.ts';
import { type PublishedNumber, splitEvaluation } from '#lib/tasks/published.ts';

type NewReferenceResult = Omit<ReferenceResult, 'id'>;

/** Follows another protocol or another split: listed on the task's page, never beside scored entries. */
export const OTHER_PROTOCOL = 'NO';
/** Of another data set than LIVECell. */
export const OTHER_DATASET = 'other dataset';
const COMPARABLE = ['yes', 'as published', OTHER_DATASET];

type Reading = PublishedNumber & { task: string };

/** Read a row as the task does that its column `task` names; null where no task knows it. */
function read({ task, subset, metric }: Record<string, string>): Reading | null {
  const owner = listTasks().find(({ published }) => published && task.startsWith(published.rows));
  const found = owner?.published?.read({ subset, metric });
  return owner && found ? { task: owner.id, ...found } : null;
}

/** Read a row that follows another protocol. It keeps its own words: `mask mAP`, `mSA (mean TP/(TP+FP+FN) …)`. */
function readOther({ subset, metric }: Record<string, string>): Reading {
  const { evaluation, name } = splitEvaluation(metric) ?? { evaluation: 'segm', name: metric };
  // such rows are of detection or segmentation of all types
  return { task: DEFAULT_TASK.id, subset, metric: name, evaluation };
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
