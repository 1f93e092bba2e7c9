/** Results published elsewhere, as rows beside a task's board. */
import { listReferenceResults, OTHER_DATASET } from '#db/datasets/reference-results.ts';
import type { Tx } from '#db/engine/client.ts';
import type { ReferenceResult } from '#db/schema.ts';
import { boardReference } from '#lib/public-entry.ts';
import type { Metrics } from '#lib/scoring/report.ts';
import { boardColumns } from '#lib/tasks/board-columns.ts';
import type { Column, ColumnView } from '#lib/tasks/columns.ts';
import type { Task } from '#lib/tasks/task.ts';
import type { UnrankedRow } from './unranked-row.ts';

/** Read the published results of a task, a row per method and data set. Nothing was published under stock COCO. */
export async function listReferences(task: Task, view: ColumnView, tx: Tx): Promise<UnrankedRow[]> {
  if (view.protocol === 'coco') return [];
  const { evaluation } = view;
  const results = await listReferenceResults({ task: task.id, ...(task.kind.evaluated && { evaluation }) }, tx);
  const columns = boardColumns(task, view.cellType);
  const rows = new Map<string, { found: { result: ReferenceResult; column: Column }[]; subset?: string }>();
  for (const result of results) {
    const here = isOfBoard(result, view);
    const subset = !here && result.comparable === OTHER_DATASET ? result.subset : undefined;
    const metric = here || subset !== undefined ? result.metric : `${result.metric}-${result.subset}`;
    const column = columns.find(
      ({ key, published: { metric: name = key, only = view.protocol } = {} }) =>
        name === metric && only === view.protocol,
    );
    if (!column) continue;
    const id = slug(`${result.method} ${subset ?? ''}`);
    const row = rows.get(id) ?? { found: [], subset };
    row.found.push({ result, column });
    rows.set(id, row);
  }
  return [...rows].map(([id, { found, subset }]) => {
    const published = found.map(({ result }) => result);
    // cite the source of AP, the method's main result
    const { method, source } = published.find(({ metric }) => metric === 'AP') ?? published[0];
    return {
      kind: 'reference',
      ...boardReference(id, method),
      runs: null,
      unscored: false,
      values: {
        ...Object.fromEntries(columns.flatMap(({ key, missing }) => (missing === null ? [[key, null]] : []))),
        ...Object.fromEntries(found.map(({ result, column }) => [column.key, result.value])),
      },
      intervals: {},
      metrics: task.rowsHaveMetrics ? metricsOf(published) : {},
      note: [...new Set(published.map(({ protocol }) => protocol).filter(Boolean))].join('\n'),
      source,
      ...(subset !== undefined && { subset }),
    };
  });
}

/** Tell whether a result is about what the board shows as a whole: its cell type, its data set, or all of the task. */
function isOfBoard({ subset }: ReferenceResult, { cellType, dataset = '' }: ColumnView): boolean {
  return cellType ? sameName(subset, cellType) : subset === 'all' || sameName(subset, dataset);
}

/** Normalise a name: `EVICAN easy` and `evican-easy` are one data set. Any other name may mean other preparation. */
function sameName(a: string, b: string): boolean {
  const plain = (text: string) => text.toLowerCase().replace(/[-_\s]/g, '');
  return plain(a) === plain(b);
}

/** Name a published metric as in Metrics: `AR.2000` is in `AR`, by its limit. */
function metricsOf(results: readonly ReferenceResult[]): Partial<Metrics> {
  const metrics: Record<string, number | Record<string, number>> = {};
  for (const { metric, value } of results) {
    const [name, limit] = metric.split('.');
    const limits = metrics[name];
    metrics[name] = limit ? { ...(typeof limits === 'object' && limits), [limit]: value } : value;
  }
  return metrics;
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
