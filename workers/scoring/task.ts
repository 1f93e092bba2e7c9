/**
 * Scores one job. A plain function: the scoring process runs it in a thread of its pool, the command line and tests
 * call it. It leads: it reads what is small, deals large work out to a few threads of its own, and does a share itself.
 */

import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import type { MessagePort } from 'node:worker_threads';
import { countExactMasks, type ExactGroundTruth } from '#lib/board/suspicion.ts';
import { buildDataset, type Dataset, type Objects, roomForAll } from '#lib/coco/dataset.ts';
import { PRIMARY_PROTOCOL, PROTOCOLS, type ProtocolId } from '#lib/coco/protocol.ts';
import { FileRejected, type Problem, type Warning } from '#lib/problems.ts';
import type { ReadResult } from '#lib/readers/coco/document.ts';
import { CELL_CATEGORY, sortImages, warnOfGroundTruth } from '#lib/readers/coco/ground-truth.ts';
import { planParts } from '#lib/readers/coco/parts.ts';
import { finishPredictions, type ReadPredictions, type Target } from '#lib/readers/coco/predictions.ts';
import { type OpenedFile, openFile } from '#lib/readers/files.ts';
import { openGroundTruth, openPacked } from '#lib/readers/ground-truth-file.ts';
import type { LabelPart } from '#lib/readers/labels/label-masks.ts';
import { joinLabelShares, readOpened } from '#lib/readers/predictions-file.ts';
import { ProblemList, quoted } from '#lib/readers/problem-list.ts';
import { ImageResolver } from '#lib/readers/resolver.ts';
import { allocateErrors } from '#lib/scoring/errors-by-kind.ts';
import { drawBlocks, intervalOf, type Resampled } from '#lib/scoring/intervals.ts';
import type { AnyReport, Metrics, ScoreReport } from '#lib/scoring/report.ts';
import {
  collectResults,
  type Evaluating,
  errorSlices,
  evaluationsOf,
  type imageSlices,
  prepareMatching,
  rankingsOf,
} from '#lib/scoring/score.ts';
import { sensitivityWeights } from '#lib/scoring/sensitivity.ts';
import { EVALUATOR_VERSION } from '#lib/scoring/version.ts';
import { assemble, type SlotResults, slicesOf } from '#lib/tasks/assemble.ts';
import { parseTask, slotsAreDatasets } from '#lib/tasks/index.ts';
import type { ScoreJob, ScoreOutcome } from './job.ts';
import { type SlotFile, slotTurns } from './slot-files.ts';
import type {
  ReadOutcome,
  ReadOutcomes,
  RepairOutcome,
  ResampleOutcome,
  ResampleStep,
  SummarizeOutcome,
  SummarizeStep,
} from './steps.ts';
import { counter, dismissHelpers, Team, warmUp } from './threads.ts';
import { atHome } from './trained-type.ts';

export { dismissHelpers };

export default async function scoreTask<Report = ScoreReport>(job: ScoreJob): Promise<ScoreOutcome<Report>> {
  const task = parseTask(job.task);
  try {
    const { reports, exactGroundTruth } =
      task?.kind === 'counts'
        ? { reports: await (await import('./counts.ts')).scoreCountFiles(job, task) }
        : await scoreSlots(job);
    return { ok: true, reports: reports as Report[], ...(exactGroundTruth && { exactGroundTruth }) };
  } catch (error) {
    if (error instanceof FileRejected) return { ok: false, problems: error.problems, warnings: error.warnings };
    throw error;
  }
}

/** One slot after another, with the ground truth read once; then what the task makes of them. */
async function scoreSlots(job: ScoreJob): Promise<{ reports: AnyReport[]; exactGroundTruth?: ExactGroundTruth }> {
  const started = performance.now();
  const tellJob = teller(job.port);
  const team = new Team(job.threads, job.together ? 0 : undefined);
  warmUp(
    job.files.map(({ path }) => path),
    team,
  );
  const task = parseTask(job.task);
  const { turns, close } = await slotTurns(task, job.files);
  const several = task !== null && task.id !== 'livecell-wide';
  const scored: ScoredSlot[] = [];
  const problems: Problem[] = [];
  const suspicions: Warning[] = [];
  const datasets = new Map<string, OpenedGroundTruth>();
  const bySlot = new Map<string, Dataset>();
  try {
    for (const [turn, { slot, given, take }] of turns.entries()) {
      const tell: Tell = (phase, fraction) => tellJob(phase, (turn + fraction) / turns.length);
      await take(async (file) => {
        const say = (message: string) => (several ? `Slot ${slot}, ${quoted(file.name)}: ${message}` : message);
        try {
          const path = given.groundTruth ?? job.groundTruth.path;
          const opened = datasets.get(path) ?? (await groundTruth(path, team, tell));
          datasets.set(path, opened);
          bySlot.set(slot, opened.dataset);
          // when an earlier file is wrong, the others are looked at and no longer scored
          const one = await scoreSlot(job, file, opened, team, tell, problems.length > 0);
          if (!one) return;
          one.warnings = one.warnings.map((warning) => ({ ...warning, message: say(warning.message) }));
          scored.push(one);
        } catch (error) {
          if (!several || !(error instanceof FileRejected)) throw error;
          problems.push(...error.problems.map((problem) => ({ ...problem, message: say(problem.message) })));
          suspicions.push(...error.warnings.map((warning) => ({ ...warning, message: say(warning.message) })));
        }
      });
    }
  } finally {
    close();
  }
  if (problems.length > 0) throw new FileRejected(problems, suspicions);

  const sum = (read: (slot: ScoredSlot) => number) => scored.reduce((total, slot) => total + read(slot), 0);
  const reports = job.protocols.map((protocol, p) => {
    const { results, warnings } = assemble(
      job.task,
      scored.map(({ file, results }): SlotResults => ({ slot: file.slot, evaluations: results[p] })),
    );
    return {
      schema: 1,
      task: job.task,
      protocol,
      evaluator: { name: 'livecell-benchmark', version: EVALUATOR_VERSION },
      groundTruth: {
        ...groundTruthOf([...datasets.values()].map(({ dataset }) => dataset)),
        // where slots are data sets: which each of them was
        ...(slotsAreDatasets(job.task) && {
          datasets: Object.fromEntries([...bySlot].map(([name, dataset]) => [name, groundTruthOf([dataset])])),
        }),
      },
      predictions: scored.map(({ file }) => file),
      ...(scored.some(({ unscored }) => unscored) && { unscored: true }),
      warnings: [...warnings, ...scored.flatMap((slot) => slot.warnings)],
      results,
      seconds: {
        read: sum(({ seconds }) => seconds.read),
        match: sum(({ seconds }) => seconds.match),
        accumulate: sum(({ seconds }) => seconds.accumulate),
        total: (performance.now() - started) / 1000,
      },
    } as AnyReport;
  });
  const exact = scored.flatMap(({ exactGroundTruth }) => exactGroundTruth ?? []);
  if (exact.length === 0) return { reports };
  const total = (key: keyof ExactGroundTruth) => exact.reduce((sum, one) => sum + one[key], 0);
  return { reports, exactGroundTruth: { count: total('count'), detections: total('detections') } };
}

/** Of several data sets: their digests' digest, and how many images and objects they have together. */
function groundTruthOf(datasets: readonly Dataset[]): ScoreReport['groundTruth'] {
  const [first] = datasets;
  const digest = () =>
    createHash('sha256')
      .update(datasets.map(({ meta }) => meta.sha256).join('\n'))
      .digest('hex');
  return {
    sha256: datasets.length === 1 ? first.meta.sha256 : digest(),
    images: datasets.reduce((sum, { images }) => sum + images.ids.length, 0),
    objects: datasets.reduce((sum, { objects }) => sum + objects.count, 0),
  };
}

interface ScoredSlot {
  file: ScoreReport['predictions'][number];
  /** by protocol */
  results: SlotResults['evaluations'][];
  warnings: Warning[];
  unscored: boolean;
  exactGroundTruth: ExactGroundTruth | undefined;
  seconds: { read: number; match: number; accumulate: number };
}

async function scoreSlot(
  job: ScoreJob,
  file: SlotFile,
  { dataset, ready }: OpenedGroundTruth,
  team: Team,
  tell: Tell,
  onlyRead: boolean,
): Promise<ScoredSlot | null> {
  const started = performance.now();
  const opened = await openFile(file.path);
  const digest = file.sha256 ?? team.digest(file.path, opened.bytes);
  const predictions = await readFile(file.path, opened, dataset, job.anyCategory, team, tell).finally(opened.close);
  const slices = slicesOf(job.task, file.slot, dataset.images.fileNames);
  atHome(job.task, file.slot, predictions, dataset);
  await ready;
  if (onlyRead) return null;
  const read = performance.now();

  const evaluations = evaluationsOf(predictions);
  const evaluating = prepareMatching(dataset, predictions, evaluations, job.protocols);
  const pairs = dataset.images.ids.length * evaluations.length;
  const small = !job.together && predictions.detections.count < 20_000;
  const few = !job.together && predictions.detections.count < 2_000; // a thousand draws are worth a second thread sooner
  await team.together(
    {
      step: 'match',
      dataset,
      detections: predictions.detections,
      rankings: rankingsOf(evaluating),
      evaluations: evaluating,
      counter: counter(),
    },
    small,
    (matched) => tell('matching', 0.4 + (0.2 * matched) / pairs),
  );
  const matched = performance.now();
  const masks = evaluating.find(({ matches }) => matches.evaluation === 'segm');
  const exactGroundTruth = masks && countExactMasks(dataset, masks);

  // slice by slice, the largest first, so that nobody waits for it at the end
  const work: SummarizeStep['work'] = [...slices.values()].flatMap((images) =>
    evaluations.map((_, evaluation) => ({ evaluation, images })),
  );
  const ofSlices = work.length;
  const lines = slices.size > 1 && slices.has('overall') ? sensitivityWeights(dataset) : new Map();
  for (const weights of lines.values())
    for (const evaluation of evaluations.keys()) work.push({ evaluation, images: slices.get('overall')!, weights });
  const { protocols } = job;
  const done = await team.together<SummarizeOutcome>(
    { step: 'summarize', evaluations: evaluating, work, protocols, counter: counter() },
    small,
    (next) => tell('accumulating', 0.6 + (0.1 * next) / work.length),
  );
  const numbers: SummarizeOutcome[number]['metrics'][] = []; // of slice s and evaluation e at s * evaluations + e, by protocol
  for (const { work: at, metrics } of done.flat()) numbers[at] = metrics;
  const metrics = numbers.slice(0, ofSlices) as Metrics[][];
  const names = [...slices.keys()];
  const byEvaluation = evaluations.map((_, e) =>
    collectResults(
      names,
      names.map((__, s) => metrics[s * evaluations.length + e]),
      protocols,
    ),
  );
  const results = protocols.map((_, p) =>
    Object.fromEntries(evaluations.map((evaluation, e) => [evaluation, byEvaluation[e][p]])),
  ) as ScoreReport['results'][];
  // after the slices' numbers come those of the lines, in the same order
  numbers.slice(ofSlices).forEach((byProtocol, at) => {
    const [line] = [...lines.keys()].slice(Math.floor(at / evaluations.length));
    for (const [p, own] of byProtocol.entries()) {
      const { overall } = results[p][evaluations[at % evaluations.length]]!;
      overall.sensitivity = { ...overall.sensitivity, [line]: own };
    }
  });
  // what a single number cannot say is said where there is a single file
  if (slices.size > 1 && slices.has('overall')) {
    if (job.errors !== false) {
      await addErrors(results, dataset, predictions, evaluating, slices, protocols, team, small, (fraction) =>
        tell('accumulating', 0.7 + 0.05 * fraction),
      );
    }
    if (job.intervals !== false) {
      await addIntervals(results, dataset, evaluating, slices, protocols, team, few, (fraction) =>
        tell('accumulating', 0.75 + 0.25 * fraction),
      );
    }
  }
  const ended = performance.now();
  return {
    file: {
      slot: file.slot,
      sha256: await digest,
      bytes: opened.bytes,
      format: predictions.format,
      detections: predictions.detections.count,
      images: predictions.images,
      ...(job.anyCategory && { anyCategory: true }),
    },
    results: results.map((byEvaluation) =>
      Object.fromEntries(
        Object.entries(byEvaluation).map(([evaluation, { overall, cellTypes }]) => [
          evaluation,
          { ...(overall && { overall }), ...cellTypes },
        ]),
      ),
    ),
    exactGroundTruth,
    warnings: predictions.warnings,
    unscored: predictions.unscored ?? false,
    seconds: {
      read: (read - started) / 1000,
      match: (matched - read) / 1000,
      accumulate: (ended - matched) / 1000,
    },
  };
}

/** Puts errors by kind into the primary protocol's results: named image by image, then counted slice by slice. */
async function addErrors(
  results: ScoreReport['results'][],
  dataset: Dataset,
  { detections }: ReadPredictions,
  evaluating: Evaluating[],
  slices: ReturnType<typeof imageSlices>,
  protocols: ProtocolId[],
  team: Team,
  small: boolean,
  onProgress: (fraction: number) => void,
): Promise<void> {
  const primary = results[protocols.indexOf(PRIMARY_PROTOCOL)];
  if (!primary) return;
  const named = evaluating.map(({ ranking, matches }) => {
    const { overall, cellTypes } = primary[matches.evaluation]!;
    const metrics = [...slices.keys()].map((name) => (name === 'overall' ? overall : cellTypes[name]!));
    const pools = errorSlices(slices, metrics);
    return { ranking, matches, errors: allocateErrors(ranking, dataset.objects.count, pools), pools, metrics };
  });
  const evaluations = named.map(({ ranking, matches, errors }) => ({ ranking, matches, errors }));
  const pairs = dataset.images.ids.length * evaluations.length;
  await team.together({ step: 'errors', dataset, detections, evaluations, counter: counter() }, small, (next) =>
    onProgress((0.4 * next) / pairs),
  );
  const wanted = [...slices.keys()].flatMap((_, s) =>
    named.map(({ pools, metrics }, evaluation) => ({ evaluation, slice: pools[s], metrics: metrics[s] })),
  );
  const work = wanted.map(({ evaluation, slice, metrics: { AP } }) => ({ evaluation, slice, AP }));
  const done = await team.together<RepairOutcome>(
    { step: 'repair', dataset, evaluations, work, counter: counter() },
    small,
    (next) => onProgress(0.4 + (0.6 * next) / work.length),
  );
  for (const { work: at, errors } of done.flat()) wanted[at].metrics.errors = errors;
}

/** Draws per piece of work: small enough that no thread waits long for another, large enough to pay for its start. */
const DRAWS_PER_PIECE = 500;

/**
 * Puts intervals into the results of the first protocol, and of the others wherever they keep the same detections: that
 * is everywhere but in slices with images of more detections than a protocol's largest maxDets.
 */
async function addIntervals(
  results: ScoreReport['results'][],
  dataset: Dataset,
  evaluating: Evaluating[],
  slices: ReturnType<typeof imageSlices>,
  protocols: ProtocolId[],
  team: Team,
  small: boolean,
  onProgress: (fraction: number) => void,
): Promise<void> {
  const draws = drawBlocks(dataset.images.fileNames);
  const work: ResampleStep['work'] = [];
  const pieces = new Map<string, number[]>(); // of a slice, an evaluation and a maxDets
  const wanted: { metrics: Metrics; key: string }[] = [];
  for (const [name, images] of slices) {
    // a single block comes out the same in every draw: that says nothing about how far the number could have been off
    if (new Set(Array.from(images, (i) => draws.blockOf[i])).size < 2) continue;
    for (const [evaluation, { ranking, matches }] of evaluating.entries()) {
      let largest = 0;
      for (const i of images) largest = Math.max(largest, ranking.start[i + 1] - ranking.start[i]);
      for (const [p, protocol] of protocols.entries()) {
        const ofEvaluation = results[p][matches.evaluation]!;
        const metrics = name === 'overall' ? ofEvaluation.overall : ofEvaluation.cellTypes[name]!;
        const maxDets = Math.min(PROTOCOLS[protocol].maxDets[2], largest);
        const key = `${name} ${evaluation} ${maxDets}`;
        if (p > 0 && !pieces.has(key)) continue;
        wanted.push({ metrics, key });
        if (pieces.has(key)) continue;
        pieces.set(key, []);
        for (let from = 0; from < draws.draws; from += DRAWS_PER_PIECE) {
          const to = Math.min(from + DRAWS_PER_PIECE, draws.draws);
          pieces.get(key)!.push(work.push({ evaluation, images, maxDets, from, to }) - 1);
        }
      }
    }
  }
  const done = await team.together<ResampleOutcome>(
    { step: 'resample', evaluations: evaluating, draws, work, counter: counter() },
    small,
    (next) => onProgress(next / work.length),
  );
  const resampled: Resampled[] = [];
  for (const piece of done.flat()) resampled[piece.work] = piece.resampled;
  for (const { metrics, key } of wanted) metrics.interval = intervalOf(pieces.get(key)!.map((at) => resampled[at]));
}

// --- reading ---

type Tell = (phase: 'reading' | 'matching' | 'accumulating', fraction: number) => void;

/** Its images are there; its objects are when `ready` is, so that predictions can be read meanwhile. */
interface OpenedGroundTruth {
  dataset: Dataset;
  ready?: Promise<void>;
}

/** The last packed ground truth, kept between jobs: read once, shared by all threads. */
let kept: ({ key: string } & OpenedGroundTruth) | null = null;

async function groundTruth(path: string, team: Team, tell: Tell): Promise<OpenedGroundTruth> {
  const { size, mtimeMs } = statSync(path);
  const key = `${path} ${size} ${mtimeMs}`;
  if (kept?.key === key) return kept;
  const packed = await openPacked(path);
  if (!packed) {
    return { dataset: (await readGroundTruthTogether(path, size, team, tell)) ?? (await openGroundTruth(path)) };
  }
  kept = { key, ...packed };
  packed.ready.catch(() => {
    if (kept?.key === key) kept = null;
  });
  return packed;
}

/** COCO ground truth in parts; null when it has to be read in one piece. */
async function readGroundTruthTogether(path: string, bytes: number, team: Team, tell: Tell): Promise<Dataset | null> {
  if (bytes < team.worthBytes || team.size === 1) return null;
  const opened = await openFile(path, 'ground-truth');
  opened.close();
  if (opened.kind !== 'coco-json') return null;
  const plan = await planParts(opened, team.parts(bytes), 'ground-truth', {
    images: null,
    category: CELL_CATEGORY,
  });
  if (!plan || plan.images.length === 0) return null;
  const images = sortImages(plan.images);
  if (new Set(images.ids).size < images.ids.length) return null;
  const digest = team.digest(path, bytes);
  const parts = await readParts(path, plan, 'ground-truth', { images, category: CELL_CATEGORY }, team, (kilobytes) =>
    tell('reading', (0.15 * kilobytes * 1024) / bytes),
  );
  if (!parts || parts.every(({ objects }) => objects.count === 0)) return null;
  const problems = new ProblemList();
  for (const part of parts) problems.merge([], part.warnings);
  warnOfGroundTruth(parts, CELL_CATEGORY, problems);
  const meta = { sha256: await digest, category: CELL_CATEGORY, warnings: problems.warnings() };
  return buildDataset(images, await joinTogether(parts, team), meta);
}

async function readFile(
  path: string,
  opened: OpenedFile,
  dataset: Dataset,
  anyCategory: boolean | undefined,
  team: Team,
  tell: Tell,
): Promise<ReadPredictions> {
  const { images, meta } = dataset;
  const target = { images, category: meta.category, anyCategory };
  if (opened.kind === 'coco-json' && opened.bytes >= team.worthBytes && team.size > 1) {
    const plan = await planParts(opened, team.parts(opened.bytes), 'predictions', target);
    const parts =
      plan &&
      (await readParts(path, plan, 'predictions', target, team, (kilobytes) =>
        tell('reading', 0.15 + (0.25 * kilobytes * 1024) / opened.bytes),
      ));
    if (parts) {
      const problems = new ProblemList();
      for (const part of parts) problems.merge([], part.warnings);
      const objects = await joinTogether(parts, team);
      return finishPredictions(parts, problems, new ImageResolver(images), target, objects);
    }
  }
  if (opened.format === 'label-images' && team.size > 1 && opened.bytes >= team.worthBytes) {
    const shared = counter();
    const shares = await team.each<LabelPart>(
      Array.from({ length: team.size }, (_, part) => ({
        step: 'labels',
        path,
        target,
        part,
        parts: team.size,
        counter: shared,
      })),
      (read) => tell('reading', 0.15 + 0.25 * Math.min(1, read / images.ids.length)),
    );
    return joinLabelShares(opened, shares, target);
  }
  return readOpened(opened, target, (fraction) => tell('reading', 0.15 + 0.25 * fraction));
}

async function joinTogether(read: ReadResult[], team: Team): Promise<Objects> {
  const parts = read.map(({ objects }) => objects);
  const joined = roomForAll(parts);
  await team.together({ step: 'join', parts, joined, counter: counter() }, false, () => {});
  return joined;
}

async function readParts(
  path: string,
  plan: NonNullable<Awaited<ReturnType<typeof planParts>>>,
  kind: 'predictions' | 'ground-truth',
  target: Target,
  team: Team,
  onProgress: (kilobytes: number) => void,
): Promise<(ReadResult & { warnings: Warning[] })[] | null> {
  const { firstHas } = plan;
  const outcomes = await team.together<ReadOutcomes>(
    { step: 'read', path, parts: plan.parts, kind, ...target, firstHas, counter: counter(2) },
    false,
    onProgress,
  );
  const parts = plan.parts.map((): ReadOutcome => null);
  for (const [part, outcome] of outcomes.flat()) parts[part] = outcome;
  if (parts.some((part) => part === null)) return null;
  return parts.map((part) => ({ ...part!, otherCategories: new Map(part!.otherCategories) }));
}

/** Progress, at most twenty times a second: every message costs the other side something. */
function teller(port: MessagePort | undefined): Tell {
  let last = 0;
  return (phase, fraction) => {
    const now = performance.now();
    if (!port || now - last < 50) return;
    last = now;
    port.postMessage({ phase, fraction: Math.min(1, fraction) });
  };
}
