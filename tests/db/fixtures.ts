/** Rows to test with. */
import type { InferInsertModel } from 'drizzle-orm';
import { registerDataset } from '#db/datasets/datasets.ts';
import type { Tx } from '#db/engine/client.ts';
import { type Dataset, outcomes } from '#db/schema.ts';
import type { NewSubmission } from '#db/submissions/submissions.ts';
import { PROTOCOL_IDS, PROTOCOLS, type ProtocolId } from '#lib/coco/protocol.ts';
import type { Metrics } from '#lib/scoring/report.ts';
import type { Families } from '#lib/scoring/uncertainty-schema.ts';
import type { ReportOf } from '#lib/tasks/report.ts';

export const GROUND_TRUTH = 'a'.repeat(64);

export function someDataset(tx: Tx, changes: Partial<Dataset> = {}): Promise<Dataset> {
  return registerDataset(
    {
      name: 'test',
      task: 'livecell-wide',
      sha256: GROUND_TRUTH,
      images: 2,
      objects: 10,
      cellTypes: { A172: 2 },
      packKey: 'datasets/test.pack',
      ...changes,
    },
    {},
    tx,
  );
}

export function someSubmission(dataset: Dataset, changes: Partial<NewSubmission> = {}): NewSubmission {
  return {
    task: dataset.task,
    datasetId: dataset.id,
    userId: null,
    method: 'A method',
    files: [
      { slot: 'all', fileName: 'all.json', bytes: 3, sha256: 'b'.repeat(64), storageKey: 'submissions/x/all.json' },
    ],
    ...changes,
  };
}

export function someMetrics(changes: Partial<Metrics> = {}, protocol: ProtocolId = 'livecell-paper'): Metrics {
  const ten = Array.from({ length: 10 }, () => 0.5);
  const AR = Object.fromEntries(PROTOCOLS[protocol].maxDets.map((maxDets) => [maxDets, 0.5]));
  return {
    images: 2,
    objects: 10,
    detections: 9,
    AP: 0.5,
    AP50: 0.5,
    AP75: 0.5,
    APs: 0.5,
    APm: 0.5,
    APl: 0.5,
    AR,
    ARs: 0.5,
    ARm: 0.5,
    ARl: 0.5,
    AFNR: 0.5,
    pq: 0.5,
    exactAP: changes.AP === undefined ? 0.5 : changes.AP,
    apPerIou: ten,
    fnrPerIou: ten,
    f1PerIou: ten,
    jaccardPerIou: ten,
    ...changes,
  };
}

/** All three protocols' reports; `changes` go into every slice's metrics. */
export function someReports(changes: Partial<Metrics> = {}, sha256 = GROUND_TRUTH): ReportOf<'livecell-wide'>[] {
  return PROTOCOL_IDS.map((protocol) => {
    const metrics = someMetrics(changes, protocol);
    const slices = { overall: metrics, cellTypes: { A172: { ...metrics, AP: (metrics.AP ?? 0) / 2 } } };
    return {
      schema: 1,
      task: 'livecell-wide',
      protocol,
      evaluator: { name: 'livecell-benchmark', version: 'test' },
      groundTruth: { sha256, images: 2, objects: 10 },
      predictions: [{ slot: 'all', sha256: 'b'.repeat(64), bytes: 3, format: 'coco-json', detections: 9, images: 2 }],
      warnings: [],
      results: { segm: slices, bbox: slices },
      seconds: { read: 0, match: 0, accumulate: 0, total: 0 },
    };
  });
}

/** The slices of a submission on the fixtures' ground truth, as if computed after its score by `someReports`. */
export async function saveSlices(submissionId: string, tx: Tx, sha256 = GROUND_TRUTH, AP = 0.5): Promise<string> {
  const values = {
    submissionId,
    evaluatorVersion: 'test',
    groundTruthSha256: sha256,
    evaluation: 'segm' as const,
    sha256: 'c'.repeat(64),
    storageKey: `outcomes/${submissionId}/none.zst`,
    slices: {
      schema: 1 as const,
      densities: [[4, 6]] as [number, number][],
      rows: { '': [2, 60, AP, 0.5], 'type=A172': [2, 60, AP / 2, 0.5], 'density=1': [2, 60, AP, 0.5] },
    },
  } satisfies InferInsertModel<typeof outcomes>;
  const [{ id }] = await tx.insert(outcomes).values(values).returning({ id: outcomes.id });
  return id;
}

/** The numbers other papers report, all of them `value`. */
export function someFamilies(value: number): Families {
  const ten = Array.from({ length: 10 }, () => value);
  const family = {
    digest: 'd'.repeat(64),
    ...{ images: 2, imagesThatCount: 2, objects: 10, labels: 9 },
    ...{
      cellposeAp: ten,
      msa: value,
      errorRate: ten,
      f1Pooled: ten,
      f1PerImage: ten,
      pq: value,
      seg: value,
      aji: value,
    },
  };
  return { labelThreshold: 0.5, 'flat-large': family, 'flat-cellpose': family };
}
