/** Results published elsewhere, copied in with their protocol and source. Shown beside the board, never ranked. */
import { and, asc, eq } from 'drizzle-orm';
import type { Evaluation } from '#lib/coco/protocol.ts';
import { db, type Tx } from './client.ts';
import { type ReferenceResult, referenceResults } from './schema.ts';

export type NewReferenceResult = Omit<ReferenceResult, 'id'>;

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
const TASKS: Readonly<Record<string, string>> = { '1 LIVECell-wide': 'livecell-wide' };
/** Rows marked NO follow other protocols and never stand beside scored entries. */
const COMPARABLE = new Set(['yes', 'as published']);

/** The rows of the published table that may stand beside ours. */
export function parsePublishedResults(csv: string): NewReferenceResult[] {
  const [header, ...lines] = csv.trim().split(/\r?\n/);
  const names = header.split(',');
  const results: NewReferenceResult[] = [];
  let above = '';
  for (const line of lines) {
    // the file quotes nothing: its fields hold no commas
    const cells = line.split(',');
    if (cells.length !== names.length) throw new Error(`published results: ${cells.length} fields in ${line}`);
    const row = Object.fromEntries(names.map((name, i) => [name, cells[i].trim()]));
    // `same` means the protocol of the row above, `same; …` adds to it
    const [first, ...more] = row.protocol.split(';').map((part) => part.trim());
    if (first !== 'same') above = row.protocol;
    const protocol = first === 'same' ? [above, ...more].join('; ') : row.protocol;

    const task = TASKS[row.task];
    const [kind, ...rest] = row.metric.split(' ');
    const evaluation = EVALUATION[kind];
    const metric = METRICS[rest.join(' ')];
    if (!task || !evaluation || !metric || !COMPARABLE.has(row.comparable_with_official)) continue;
    results.push({
      task,
      subset: row.subset,
      method: row.method,
      evaluation,
      metric,
      value: row.unit === '%' ? percent(row.value) : Number(row.value),
      protocol,
      source: row.source,
      comparable: row.comparable_with_official,
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

export async function listReferenceResults(
  filter: { task: string; evaluation?: Evaluation; subset?: string },
  tx: Tx = db(),
): Promise<ReferenceResult[]> {
  const { task, evaluation, subset } = filter;
  return tx
    .select()
    .from(referenceResults)
    .where(
      and(
        eq(referenceResults.task, task),
        evaluation && eq(referenceResults.evaluation, evaluation),
        subset === undefined ? undefined : eq(referenceResults.subset, subset),
      ),
    )
    .orderBy(asc(referenceResults.method), asc(referenceResults.metric));
}
