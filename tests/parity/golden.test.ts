/**
 * Every number of the reference's golden files, within 1e-9: all presets, masks and boxes, overall and by cell type,
 * for every way to write masks, on one thread and on two.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accumulate, sliceOf } from '#lib/coco/accumulate.ts';
import { packDataset } from '#lib/coco/dataset.ts';
import { classIndex } from '#lib/coco/match.ts';
import { EVALUATIONS, PROTOCOLS } from '#lib/coco/protocol.ts';
import type { EvaluationResults } from '#lib/scoring/report.ts';
import { imageSlices, type SliceName } from '#lib/scoring/slices.ts';
import { match, pack, packGroundTruth } from '#tests/coco/documents.ts';
import { recallAt } from '#tests/coco/read-line.ts';
import { reportOf } from '#tests/scoring/reports.ts';
import { score } from '#tests/scoring/score.ts';
import type { ScoreOutcome } from '#workers/scoring/job.ts';
import scoreTask, { dismissHelpers } from '#workers/scoring/task.ts';
import { differences, TOLERANCE } from './compare.ts';
import { GOLDEN, type GoldenEvaluation, type GoldenProtocol, readGolden, readJson, readText } from './golden-files.ts';

/** Names of protocols: theirs, ours. */
const PRESETS = [
  ['paper', 'livecell-paper'],
  ['reference', 'livecell-code'],
  ['coco', 'coco'],
] as const;
const IDS = PRESETS.map(([, id]) => id);

interface Case {
  groundTruth: string;
  predictions: string;
  golden: string;
}
const golden = (folder: string, groundTruth: string, predictions: string, numbers: string): Case => ({
  groundTruth: join(GOLDEN, folder, groundTruth),
  predictions: join(GOLDEN, folder, predictions),
  golden: join(GOLDEN, folder, numbers),
});

/** Numbers under pycocotools' own settings, which the golden files leave out: see `make-stock.py`. */
const stock = readJson<Record<string, GoldenProtocol>>(join(GOLDEN, '..', 'parity', 'stock.json.gz'));

/** Differences that are listed: the first say enough, and long lists take long to print. */
const SHOWN = 20;

type Numbers = Record<string, GoldenProtocol | undefined>;

function numbersOf({ predictions, golden }: Case): Numbers {
  const numbers = readJson<Numbers>(golden);
  return { ...numbers, coco: stock[relative(GOLDEN, predictions)] ?? numbers.coco };
}

const CASES: [string, Case][] = [
  ['tiny, compressed RLE', golden('tiny', 'gt.json.gz', 'dt.json.gz', 'golden.json')],
  ['tiny, uncompressed RLE', golden('tiny', 'gt.json.gz', 'dt_uncompressed.json.gz', 'golden_uncompressed.json')],
  ['tiny, polygons', golden('tiny', 'gt.json.gz', 'dt_polygon.json.gz', 'golden_polygon.json')],
  [
    'tiny, masks with scores of their own',
    golden('tiny', 'gt.json.gz', 'dt_maskscore.json.gz', 'golden_maskscore.json'),
  ],
  ['tiny, annotations keyed by id', golden('tiny', 'gt_dict_annotations.json.gz', 'dt.json.gz', 'golden.json')],
  ['small', golden('small', 'gt.json.gz', 'dt.json.gz', 'golden.json')],
];

function compare(results: { segm?: EvaluationResults; bbox: EvaluationResults }[], numbers: Numbers): string[] {
  return PRESETS.flatMap(([preset, id], p) =>
    EVALUATIONS.flatMap((evaluation) => {
      const theirs: GoldenEvaluation | undefined = numbers[preset]?.[evaluation];
      if (!theirs) return [];
      const ours = results[p][evaluation];
      const where = `${preset} ${evaluation}`;
      // the reference lists a type that has no images with -1 everywhere
      const types = Object.entries(theirs.by_type).filter(([, slice]) => slice.n_images > 0);
      return [
        ...differences(ours?.overall, theirs.overall, id, `${where} overall`),
        ...types.flatMap(([type, slice]) =>
          differences(ours?.cellTypes[type as keyof EvaluationResults['cellTypes']], slice, id, `${where} ${type}`),
        ),
        ...Object.keys(ours?.cellTypes ?? {})
          .filter((type) => !types.some(([name]) => name === type))
          .map((type) => `${where} ${type}: has numbers, but the reference has no such images`),
      ];
    }),
  ).slice(0, SHOWN);
}

/** AP and recall at every maxDets and the counts per size class, which the report does not hold. */
async function compareMore(files: Case): Promise<string[]> {
  const numbers = numbersOf(files);
  const { dataset, predictions: read } = await pack(readText(files.groundTruth), readText(files.predictions));
  const found: string[] = [];
  for (const evaluation of EVALUATIONS) {
    const { ranking, matches } = match(dataset, read, evaluation, IDS);
    for (const [name, images] of imageSlices(dataset.images.fileNames)) {
      const slice = sliceOf(ranking, images, dataset.images.ids.length);
      for (const [preset, id] of PRESETS) {
        const given = numbers[preset]?.[evaluation];
        if (!given) continue;
        const { overall, by_type } = given;
        const theirs = name === 'overall' ? overall : by_type[name as SliceName];
        const check = (what: string, a: number, b: number): void => {
          if (!(Math.abs(a - b) <= TOLERANCE))
            found.push(`${preset} ${evaluation} ${name}, ${what}: ${a} instead of ${b}`);
        };
        const { maxDets, areaRanges } = PROTOCOLS[id];
        for (const most of maxDets) {
          const sizeClass = classIndex(matches.classes, areaRanges[0]);
          const { precision } = accumulate({ matches, ranking, slice }, { sizeClass, maxDets: most });
          check(`AP at maxDets ${most}`, precision ? mean(precision) : -1, theirs.AP_at[most]);
          let considered = 0;
          for (const i of images) considered += Math.min(most, ranking.start[i + 1] - ranking.start[i]);
          check(`detections at maxDets ${most}`, considered, theirs.n_dt_considered[most]);
        }
        for (const range of areaRanges) {
          const sizeClass = classIndex(matches.classes, range);
          const { countable, recall } = accumulate({ matches, ranking, slice }, { sizeClass, maxDets: maxDets[2] });
          check(`${range.id} objects`, countable, theirs.n_gt_not_ignored[range.id]);
          if (range.id !== 'all') continue;
          const again = recallAt({ matches, ranking, slice }, { sizeClass, maxDets: maxDets[2] });
          for (let t = 0; t < 10; t++) {
            check(`recall at IoU ${50 + 5 * t}`, recall?.[t] ?? -1, theirs.recall_per_iou[t]);
            check(`recall at IoU ${50 + 5 * t}`, again?.[t] ?? -1, theirs.recall_per_iou[t]);
          }
        }
      }
    }
  }
  return found.slice(0, SHOWN);
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'livecell-parity-'));
});
afterAll(async () => {
  await dismissHelpers();
  rmSync(folder, { recursive: true, force: true });
});

/** Unpacked beside each other, since only plain files are read in parts. */
function plain(path: string, name: string): string {
  if (!path.endsWith('.gz')) return path;
  const copy = join(folder, name);
  writeFileSync(copy, readText(path));
  return copy;
}

function results(outcome: ScoreOutcome): EvaluationPairs {
  if (!outcome.ok) throw new Error(outcome.problems.map(({ message }) => message).join('\n'));
  expect(outcome.reports.map(({ protocol }) => protocol)).toEqual(IDS);
  return outcome.reports.map((report) => reportOf(report, 'livecell-wide').results);
}
type EvaluationPairs = { segm?: EvaluationResults; bbox: EvaluationResults }[];

describe.each(CASES)('%s', (_name, files) => {
  const numbers = numbersOf(files);

  test('scored in memory', async () => {
    const { dataset, predictions } = await pack(readText(files.groundTruth), readText(files.predictions));
    expect(compare(await score(dataset, predictions, IDS), numbers)).toEqual([]);
  });

  test('AP at every maxDets and counts', async () => {
    expect(await compareMore(files)).toEqual([]);
  });

  test.each([1, 2])('scored from files by a job with %i thread(s)', async (threads) => {
    const outcome = await scoreTask({
      task: 'livecell-wide',
      groundTruth: { path: plain(files.groundTruth, 'ground-truth.json') },
      files: [{ slot: 'predictions', path: plain(files.predictions, 'predictions.json') }],
      protocols: [...IDS],
      intervals: false,
      threads,
      together: threads > 1,
    });
    expect(compare(results(outcome), numbers)).toEqual([]);
  });

  test('scored from gzip against packed ground truth', async () => {
    const packed = join(folder, 'ground-truth.bin');
    writeFileSync(packed, packDataset(await packGroundTruth(readText(files.groundTruth))));
    const outcome = await scoreTask({
      task: 'livecell-wide',
      groundTruth: { path: packed },
      files: [{ slot: 'predictions', path: files.predictions }],
      protocols: [...IDS],
      intervals: false,
      threads: 2,
      together: true,
    });
    expect(compare(results(outcome), numbers)).toEqual([]);
  });
});

test('the comparison finds a number that is off by 2e-9', async () => {
  const numbers = readGolden<Numbers>('tiny/golden.json');
  const { dataset, predictions } = await pack(
    readText(join(GOLDEN, 'tiny', 'gt.json.gz')),
    readText(join(GOLDEN, 'tiny', 'dt.json.gz')),
  );
  const ours = await score(dataset, predictions, IDS);
  ours[1].bbox.cellTypes.MCF7!.APl! += 2e-9;
  ours[0].segm!.overall.apPerIou[9] = null;
  const found = compare(ours, numbers);
  expect(found).toHaveLength(2);
  expect(found[0]).toMatch(/^paper segm overall, AP at IoU 95: null instead of 0\.0\d+$/);
  expect(found[1]).toMatch(/^reference bbox MCF7, APl: 0\.\d+ instead of 0\.\d+$/);
});

describe('demo images, as large as LIVECell’s', () => {
  const files = golden('demo', 'gt.json.gz', 'dt.json.gz', 'golden.json.gz');

  test.each([1, 2])('scored by a job with %i thread(s)', async (threads) => {
    const outcome = await scoreTask({
      task: 'livecell-wide',
      groundTruth: { path: files.groundTruth },
      files: [{ slot: 'predictions', path: files.predictions }],
      protocols: [...IDS],
      intervals: false,
      threads,
      together: threads > 1,
    });
    expect(compare(results(outcome), numbersOf(files))).toEqual([]);
  });

  test('AP at every maxDets and counts', async () => {
    expect(await compareMore(files)).toEqual([]);
  });
});
