/**
 * Scores one job. A plain function: the scoring process runs it in a thread of its pool, the command line and tests
 * call it directly. It goes from slot to slot, shares large work with helper threads, and writes the reports.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Dataset } from '#lib/coco/dataset.ts';
import { PRIMARY_PROTOCOL, type ProtocolId } from '#lib/coco/protocol.ts';
import { FileRejected, type Problem, type Warning } from '#lib/problems.ts';
import { ofGroundTruth } from '#lib/readers/ground-truth-file.ts';
import type { CopiedMasks } from '#lib/scoring/copied-masks.ts';
import { sha256 } from '#lib/scoring/sha256.ts';
import { assembleReport } from '#lib/tasks/assemble.ts';
import { parseTask } from '#lib/tasks/index.ts';
import type { Kind } from '#lib/tasks/kinds.ts';
import type { Report } from '#lib/tasks/report.ts';
import { hasOneSlot } from '#lib/tasks/slots.ts';
import type { SlotResults } from '#lib/tasks/task.ts';
import { describeEvaluator } from './evaluator.ts';
import type { Phase, ScoreJob, ScoreOutcome } from './job.ts';
import { type OpenedGroundTruth, readGroundTruth } from './read.ts';
import { GROUND_TRUTH_READ, type ScoredSlot, scoreSlot } from './score-slot.ts';
import { prefixSlot, requireSlots } from './slot-files.ts';
import { dismissHelpers, ThreadTeam } from './threads.ts';

export { dismissHelpers };

/** Return the problems of a wrong file as an outcome; any other error is thrown. */
export default async function scoreTask(job: ScoreJob): Promise<ScoreOutcome> {
  const task = parseTask(job.task);
  try {
    const { reports, exactGroundTruth, groundTruthWarnings = [] } = await SCORERS[task?.kind.id ?? 'instances'](job);
    return {
      ok: true,
      reports,
      ...(exactGroundTruth && { exactGroundTruth }),
      ...(groundTruthWarnings.length > 0 && { groundTruthWarnings }),
    };
  } catch (error) {
    if (!(error instanceof FileRejected)) throw error;
    const { problems, warnings } = error;
    if (!(error instanceof PredictionsRejected) || error.groundTruthWarnings.length === 0)
      return { ok: false, problems, warnings };
    return { ok: false, problems, warnings, groundTruthWarnings: error.groundTruthWarnings };
  }
}

/** Predictions are wrong; the ground truth, which was read before them, may explain it. */
class PredictionsRejected extends FileRejected {
  readonly groundTruthWarnings: Warning[];

  constructor({ problems, warnings }: FileRejected, groundTruthWarnings: Warning[]) {
    super(problems, warnings);
    this.groundTruthWarnings = groundTruthWarnings;
  }
}

interface Scored {
  reports: Report[];
  exactGroundTruth?: CopiedMasks;
  groundTruthWarnings?: Warning[];
}

/** By what the files hold; counting needs a part of the program that most jobs do without. */
const SCORERS: Record<Kind['id'], (job: ScoreJob) => Promise<Scored>> = {
  instances: scorePredictions,
  counts: async (job) => ({ reports: await (await import('./counts.ts')).scoreCountFiles(job) }),
};

async function scorePredictions(job: ScoreJob): Promise<Scored> {
  const started = performance.now();
  const groundTruths = new Map<string, OpenedGroundTruth>();
  const slots = await scoreSlots(job, groundTruths).catch((error) => {
    throw error instanceof FileRejected ? new PredictionsRejected(error, warningsOf(groundTruths)) : error;
  });
  const reports = job.protocols.map((protocol, p) => {
    const report = buildReport(job, protocol, slots, p);
    return { ...report, seconds: { ...report.seconds, total: (performance.now() - started) / 1000 } };
  });
  return { reports, exactGroundTruth: sumCopiedMasks(slots), groundTruthWarnings: warningsOf(groundTruths) };
}

function warningsOf(groundTruths: ReadonlyMap<string, OpenedGroundTruth>): Warning[] {
  return [...groundTruths.values()].flatMap(({ dataset }) => dataset.meta.warnings.map(ofGroundTruth));
}

/** Score one slot after another, reading the ground truth once. @throws FileRejected with the problems of all files */
async function scoreSlots(job: ScoreJob, groundTruths: Map<string, OpenedGroundTruth>): Promise<ScoredSlot[]> {
  const team = new ThreadTeam({ size: job.threads, together: job.together });
  team.warmUp(job.files.map(({ path }) => path));
  const task = parseTask(job.task);
  const report = reportProgress(job.port);
  const scored: ScoredSlot[] = [];
  const problems: Problem[] = [];
  const warnings: Warning[] = [];
  const prefix = task !== null && !hasOneSlot(task);
  const { turns, close } = await requireSlots(task, job.files);
  try {
    for (const [turn, { slot, given, withFile }] of turns.entries()) {
      const onProgress = (phase: Phase, fraction: number) => report(phase, (turn + fraction) / turns.length);
      await withFile(async (file) => {
        const say = <Said extends { message: string }>(said: Said): Said =>
          prefix ? { ...said, message: prefixSlot(slot, file.name, said.message) } : said;
        try {
          const path = given.groundTruth ?? job.groundTruth.path;
          const opened =
            groundTruths.get(path) ??
            (await readGroundTruth(
              path,
              { team, onProgress: (fraction) => onProgress('reading', GROUND_TRUTH_READ * fraction) },
              job.category,
            ));
          groundTruths.set(path, opened);
          // once an earlier file is wrong, the others are only checked
          const one = await scoreSlot({ job, team, onProgress }, file, opened, problems.length > 0);
          if (one) scored.push({ ...one, warnings: one.warnings.map(say) });
        } catch (error) {
          if (!prefix || !(error instanceof FileRejected)) throw error;
          problems.push(...error.problems.map(say));
          warnings.push(...error.warnings.map(say));
        }
      });
    }
  } finally {
    close();
  }
  if (problems.length > 0) throw new FileRejected(problems, warnings);
  return scored;
}

/** Build the report under the p-th protocol, without the total time. */
function buildReport(job: ScoreJob, protocol: ProtocolId, slots: readonly ScoredSlot[], p: number): Report {
  const results = slots.map(
    ({ slot, results, uncertainty }): SlotResults => ({
      slot,
      evaluations: results[p],
      ...(uncertainty && { uncertainty: { fields: uncertainty.fields, replicates: uncertainty.replicates[p] } }),
    }),
  );
  const seconds = (part: keyof ScoredSlot['seconds']) => slots.reduce((sum, slot) => sum + slot.seconds[part], 0);
  return assembleReport(job.task, results, {
    schema: 1,
    protocol,
    evaluator: describeEvaluator(),
    groundTruth: describeGroundTruth(job.task, slots),
    predictions: slots.map(({ file }) => file),
    ...(slots.some(({ unscored }) => unscored) && { unscored: true }),
    warnings: slots.flatMap((slot) => slot.warnings),
    ...(slots[0]?.families && { families: slots[0].families }),
    ...(protocol === PRIMARY_PROTOCOL && slots[0]?.outcomes && { outcomes: slots[0].outcomes }),
    seconds: { read: seconds('read'), match: seconds('match'), accumulate: seconds('accumulate'), total: 0 },
  });
}

function describeGroundTruth(task: string, slots: readonly ScoredSlot[]): Report['groundTruth'] {
  const datasets = [...new Set(slots.map(({ dataset }) => dataset))];
  if (!parseTask(task)?.slotsAreDatasets) return describeDatasets(datasets);
  const bySlot = slots.map(({ slot, dataset }) => [slot, describeDatasets([dataset])]);
  return { ...describeDatasets(datasets), datasets: Object.fromEntries(bySlot) };
}

/** Describe several data sets together: the digest of their digests, and the total numbers of images and objects. */
function describeDatasets(datasets: readonly Dataset[]): { sha256: string; images: number; objects: number } {
  const digests = datasets.map(({ meta }) => meta.sha256);
  return {
    sha256: digests.length === 1 ? digests[0] : sha256(new TextEncoder().encode(digests.join('\n'))),
    images: datasets.reduce((sum, { images }) => sum + images.ids.length, 0),
    objects: datasets.reduce((sum, { objects }) => sum + objects.count, 0),
  };
}

/** Add up over all files with masks; undefined if there are none. */
function sumCopiedMasks(slots: readonly ScoredSlot[]): CopiedMasks | undefined {
  const found = slots.flatMap(({ copiedMasks }) => copiedMasks ?? []);
  if (found.length === 0) return undefined;
  const total = (key: keyof CopiedMasks) => found.reduce((sum, one) => sum + one[key], 0);
  return { count: total('count'), detections: total('detections') };
}

/** Send progress at most twenty times a second, because every message costs the receiver time. */
function reportProgress(port: MessagePort | undefined): (phase: Phase, fraction: number) => void {
  let last = 0;
  return (phase, fraction) => {
    if (!port) return;
    const now = performance.now();
    if (now - last < 50) return;
    last = now;
    port.postMessage({ phase, fraction: Math.min(1, fraction) });
  };
}
