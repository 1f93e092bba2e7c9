/** How rows of the table of published results (`db/datasets/published-results.csv`) become numbers of a task. */
import type { Evaluation } from '#lib/coco/protocol.ts';

/** What a published number is called here: its metric and subset lead to a column of the board. */
export interface PublishedNumber {
  readonly subset: string;
  readonly metric: string;
  readonly evaluation: Evaluation;
}

export interface PublishedRows {
  /** what the column `task` of the task's rows begins with */
  readonly rows: string;
  /** Read a row; null where its metric or subset is unknown. */
  read(row: { readonly subset: string; readonly metric: string }): PublishedNumber | null;
}

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

/** Split `mask mAP` into what was evaluated and the rest of the name; null where it begins with neither. */
export function splitEvaluation(metric: string): { evaluation: Evaluation; name: string } | null {
  const [kind, ...rest] = metric.split(' ');
  return EVALUATION[kind] ? { evaluation: EVALUATION[kind], name: rest.join(' ') } : null;
}

/** Read a number of masks or boxes, such as `mask AP50`, of a subset; null where the metric is none of ours. */
export function readInstances({ subset, metric }: { subset: string; metric: string }): PublishedNumber | null {
  const found = splitEvaluation(metric);
  const name = found && METRICS[found.name];
  return name ? { subset, metric: name, evaluation: found.evaluation } : null;
}
