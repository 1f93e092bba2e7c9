/** Every task of the suite through the scorer: what its slots take, what becomes of them, and what wrong ones are told. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { strToU8, type Zippable, zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CELL_TYPES, type CellType, cellTypeOf } from '#lib/livecell/cell-types.ts';
import type { TaskId } from '#lib/tasks/index.ts';
import type { ReportOf } from '#lib/tasks/report.ts';
import { reportSchema } from '#lib/tasks/report-schema.ts';
import { packGroundTruth } from '#tests/coco/documents.ts';
import { reportOf as asReportOf } from '#tests/scoring/reports.ts';
import { type DemoData, writeDemoData } from '#workers/demo/data.ts';
import type { ScoreJob } from '#workers/scoring/job.ts';
import scoreTask, { dismissHelpers } from '#workers/scoring/task.ts';

const dir = mkdtempSync(join(tmpdir(), 'livecell-tasks-'));
let demo: DemoData;
let wide: ReportOf<'livecell-wide'>[];
/** detections of each demo model, by cell type */
let detections: Record<CellType, object[]>[];

beforeAll(async () => {
  demo = await writeDemoData(dir, { imagesPerType: 1 });
  const { images } = JSON.parse(readFileSync(demo.groundTruth, 'utf8')) as {
    images: { id: number; file_name: string }[];
  };
  const types = new Map(images.map(({ id, file_name }) => [id, cellTypeOf(file_name)!]));
  detections = demo.predictions.map(({ path }) => {
    const all = JSON.parse(readFileSync(path, 'utf8')) as { image_id: number }[];
    return Object.fromEntries(
      CELL_TYPES.map((type) => [type, all.filter(({ image_id }) => types.get(image_id) === type)]),
    ) as Record<CellType, object[]>;
  });
  wide = [];
  for (const { path } of demo.predictions) {
    const outcome = await scoreTask(job('livecell-wide', { all: path }));
    if (outcome.ok) wide.push(asReportOf(outcome.reports[0], 'livecell-wide'));
  }
});
afterAll(async () => {
  await dismissHelpers();
  rmSync(dir, { recursive: true, force: true });
});

function job(task: TaskId, files: Record<string, string>, more: Partial<ScoreJob> = {}): ScoreJob {
  return {
    task,
    groundTruth: { path: demo.groundTruth },
    files: Object.entries(files).map(([slot, path]) => ({ slot, path })),
    protocols: ['livecell-paper'],
    intervals: false,
    threads: 1,
    ...more,
  };
}

test('masks of the ground truth are counted over all files, for the maintainers and not in the report', async () => {
  const groundTruth = readFileSync(demo.groundTruth, 'utf8');
  const { annotations } = JSON.parse(groundTruth) as {
    annotations: { image_id: number; segmentation: unknown; bbox: number[] }[];
  };
  const copied = join(dir, 'copied.json');
  const records = annotations.map(({ image_id, segmentation, bbox }, k) => ({
    image_id,
    category_id: 1,
    segmentation,
    bbox,
    score: 1 - k / 1e6,
  }));
  writeFileSync(copied, JSON.stringify(records));
  const run = (task: TaskId, files: Record<string, string>) => scoreTask(job(task, files));
  const one = await run('livecell-wide', { all: copied });
  const { maskArea } = (await packGroundTruth(groundTruth)).objects;
  const large = maskArea.filter((pixels) => pixels >= 64).length;
  expect(large).toBeLessThan(annotations.length); // there are some that may be equal by chance
  expect(one).toMatchObject({ ok: true, exactGroundTruth: { count: large, detections: annotations.length } });
  expect(JSON.stringify(one.ok && one.reports)).not.toContain('exactGroundTruth');
  const [strong] = demo.predictions;
  const two = await run('training-size', { '2': copied, '100': strong.path });
  expect(two).toMatchObject({ ok: true, exactGroundTruth: { count: large } });
  const boxes = join(dir, 'copied-boxes.json');
  writeFileSync(boxes, JSON.stringify(records.map(({ segmentation: _, ...record }) => record)));
  expect(await run('livecell-wide', { all: boxes })).not.toHaveProperty('exactGroundTruth');
});

async function reportOf<T extends TaskId>(task: T, files: Record<string, string>, more?: Partial<ScoreJob>) {
  const outcome = await scoreTask(job(task, files, more));
  if (!outcome.ok) throw new Error(outcome.problems.map(({ message }) => message).join('\n'));
  const [report] = outcome.reports;
  expect(reportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
  return asReportOf(report, task);
}

async function problemsOf(task: TaskId, files: Record<string, string>, more?: Partial<ScoreJob>) {
  const outcome = await scoreTask(job(task, files, more));
  if (outcome.ok) throw new Error('nothing was wrong');
  return outcome.problems.map(({ code, message }) => `${code}: ${message}`);
}

const path = (name: string) => join(dir, name);
function write(name: string, content: unknown): string {
  writeFileSync(path(name), content instanceof Uint8Array ? content : JSON.stringify(content));
  return path(name);
}
/** The model whose turn it is: the slots of a submission are not all alike. */
const modelOf = (type: CellType) => CELL_TYPES.indexOf(type) % 3;
const allFiles = () => Object.fromEntries(CELL_TYPES.map((type) => [type, demo.predictions[modelOf(type)].path]));

describe('single-cell-type', () => {
  test('scores a file on its own type alone, as LIVECell-wide does', async () => {
    const { results, predictions } = await reportOf('single-cell-type', { SkBr3: demo.predictions[1].path });
    const { errors: _, ...expected } = wide[1].results.segm!.cellTypes.SkBr3!;
    expect(results.segm).toEqual({ cellTypes: { SkBr3: expected }, mean: null });
    expect(Object.keys(results.bbox.cellTypes)).toEqual(['SkBr3']);
    expect(predictions).toMatchObject([{ slot: 'SkBr3', sha256: wide[1].predictions[0].sha256 }]);
  });

  test('looks at no other images: a file without them has the same numbers and no complaint', async () => {
    const alone = write('skbr3.json', detections[1].SkBr3);
    const some = await reportOf('single-cell-type', { SkBr3: alone });
    const all = await reportOf('single-cell-type', { SkBr3: demo.predictions[1].path });
    expect(some.results).toEqual(all.results);
    expect(some.warnings).toEqual([]);
  });

  test('has a mean when all eight are there', async () => {
    const { results } = await reportOf('single-cell-type', allFiles());
    const aps = CELL_TYPES.map((type) => wide[modelOf(type)].results.segm!.cellTypes[type]!.AP!);
    expect(results.segm!.mean!.AP).toBeCloseTo(aps.reduce((a, b) => a + b) / 8, 12);
  });

  test('refuses a file that is in the wrong slot, and says where its detections are', async () => {
    const a172 = write('a172.json', detections[0].A172);
    const found = await problemsOf('single-cell-type', { BT474: a172, A172: a172, SKOV3: write('bad.json', {}) });
    expect(found).toHaveLength(2);
    expect(found[0]).toBe(
      `wrong-cell-type: Slot BT474, “a172.json”: The file has no detections on images of BT-474; it has some on A172 (${detections[0].A172.length}). Is it in the wrong slot?`,
    );
    expect(found[1]).toMatch(/Slot SKOV3, “bad.json”: /);
  });
});

describe('transferability', () => {
  test('has in every cell of its matrix what the slice scores by itself', async () => {
    const { results, predictions, warnings } = await reportOf('transferability', allFiles());
    for (const trainedOn of CELL_TYPES)
      for (const evaluatedOn of CELL_TYPES)
        for (const evaluation of ['segm', 'bbox'] as const)
          expect(results[evaluation]!.matrix[trainedOn]![evaluatedOn]).toBe(
            wide[modelOf(trainedOn)].results[evaluation]!.cellTypes[evaluatedOn]!.AP,
          );
    const { matrix, index } = results.segm!;
    let logs = 0;
    for (const a of CELL_TYPES) for (const b of CELL_TYPES) logs += Math.log2(matrix[a]![b]! / matrix[a]![a]!);
    expect(index).toBeCloseTo(-logs / 56, 12);
    expect(predictions.map(({ slot }) => slot)).toEqual([...CELL_TYPES]);
    expect(warnings).toEqual([]);
  });

  test('has no index where an AP is 0, and says which pair', async () => {
    const blind = write('blind.json', [...detections[0].A172, ...detections[0].BV2]);
    const { results, warnings } = await reportOf('transferability', { ...allFiles(), A172: blind });
    expect(results.segm!.index).toBeNull();
    expect(results.segm!.matrix.A172).toMatchObject({ MCF7: 0, BV2: expect.any(Number) });
    expect(warnings).toContainEqual(
      expect.objectContaining({
        code: 'no-transferability-index',
        count: 6,
        message: expect.stringContaining('trained on A172 and evaluated on BT-474'),
      }),
    );
  });

  test('needs all eight', async () => {
    const { A172: _, MCF7: __, ...six } = allFiles();
    expect(await problemsOf('transferability', six)).toEqual([
      expect.stringMatching(/^missing-slot: There is no file for slot A172\. Transferability needs all of A172, BT474/),
      expect.stringMatching(/^missing-slot: There is no file for slot MCF7\./),
    ]);
  });
});

describe('training-size', () => {
  test('has the whole test set’s numbers for every size', async () => {
    const { results } = await reportOf('training-size', {
      '100': demo.predictions[0].path,
      '2': demo.predictions[2].path,
    });
    expect(Object.keys(results.sizes)).toEqual(['2', '100']);
    for (const [size, model] of [
      ['2', 2],
      ['100', 0],
    ] as const) {
      const { errors: _, ...expected } = wide[model].results.segm!.overall;
      expect(results.sizes[size]!.segm).toEqual(expected);
    }
  });

  test('needs two sizes', async () => {
    expect(await problemsOf('training-size', { '25': demo.predictions[0].path })).toEqual([
      'too-few-slots: Training-set size needs files for at least 2 of its slots 2, 4, 5, 25, 50, 100. There is only 25.',
    ]);
  });
});

describe('zero-shot', () => {
  test('scores each data set against its own ground truth', async () => {
    const { results, groundTruth } = await reportOf('zero-shot', { EVICAN: demo.predictions[1].path });
    const { errors: _, ...expected } = wide[1].results.segm!.overall;
    expect(results.datasets.EVICAN.segm!.overall).toEqual(expected);
    const { datasets, ...whole } = groundTruth;
    expect(whole).toEqual(wide[1].groundTruth);
    expect(datasets).toEqual({ EVICAN: whole });
  });
});

describe('fluorescence-counts', () => {
  const counting = (files: Record<string, string>, scoreThreshold?: number): Partial<ScoreJob> => ({
    files: Object.entries(files).map(([slot, path]) => ({
      slot,
      path,
      scoreThreshold,
      groundTruth: demo.counts[slot as 'A172' | 'A549'].reference,
    })),
  });

  test('scores counts of both series', async () => {
    const files = { A172: demo.counts.A172.predictions, A549: demo.counts.A549.predictions };
    const { results, predictions } = await reportOf('fluorescence-counts', {}, counting(files));
    expect(Object.keys(results.counts)).toEqual(['A172', 'A549']);
    expect(results.counts.A172!.r2).toBeGreaterThan(0.9);
    expect(results.counts.A172!.linearityLimit).toBeGreaterThan(500);
    expect(predictions.map(({ slot, format }) => [slot, format])).toEqual([
      ['A172', 'counts-json'],
      ['A549', 'counts-json'],
    ]);
  });

  test('counts detections above the stated threshold', async () => {
    const reference = JSON.parse(readFileSync(demo.counts.A172.reference, 'utf8')) as Record<string, string>;
    const [image, other] = Object.keys(reference);
    const file = write('detections.json', [
      { image_id: image, category_id: 1, score: 0.5, bbox: [0, 0, 1, 1] },
      { image_id: image, category_id: 1, score: 0.4, bbox: [0, 0, 1, 1] },
      { image_id: other, category_id: 1, score: 0.9, bbox: [0, 0, 1, 1] },
    ]);
    const { results } = await reportOf('fluorescence-counts', {}, counting({ A172: file }, 0.5));
    const { points, files, scoreThreshold } = results.counts.A172!;
    expect(scoreThreshold).toBe(0.5);
    expect(points.reduce((sum, [, count]) => sum + count, 0)).toBe(2);
    expect(points[files!.indexOf(image)][1]).toBe(1);
    expect(await problemsOf('fluorescence-counts', {}, counting({ A172: file }))).toEqual([
      expect.stringContaining('Slot A172, “detections.json”: The file is a JSON list'),
    ]);
  });

  test('says what is wrong with a count, slot by slot', async () => {
    const [image] = Object.keys(JSON.parse(readFileSync(demo.counts.A549.reference, 'utf8')));
    const files = {
      A549: write('wrong-counts.json', { [image]: -1, 'nowhere.tif': 2.5 }),
      A172: demo.counts.A549.predictions,
    };
    const found = await problemsOf('fluorescence-counts', {}, counting(files));
    expect(found.some((text) => /wrong-series: Slot A172, .*wrong slot/.test(text))).toBe(true);
    expect(found.some((text) => /negative-count: Slot A549, “wrong-counts.json”/.test(text))).toBe(true);
    expect(found.some((text) => /fractional-count: Slot A549/.test(text))).toBe(true);
    expect(found.some((text) => /unknown-image: Slot A549/.test(text))).toBe(true);
  });
});

describe('one archive for all slots', () => {
  const archive = (name: string, members: Zippable) => ({ all: write(name, zipSync(members)) });
  const text = (value: unknown) => strToU8(JSON.stringify(value));

  test('gives the same report, whatever its members are called and packed in', async () => {
    const files = {
      A172: write('a.json', detections[0].A172),
      BT474: write('b.json', detections[1].BT474),
      SKOV3: write('s.json', detections[2].SKOV3),
    };
    const zip = archive('three.zip', {
      'ours/A172.json': text(detections[0].A172),
      'ours/bt-474.json.gz': gzipSync(text(detections[1].BT474)),
      ours: { SKOV3: { 'predictions.json': text(detections[2].SKOV3) } },
      'README.md': strToU8('what this is'),
    });
    const [apart, together] = [await reportOf('single-cell-type', files), await reportOf('single-cell-type', zip)];
    expect(together.results).toEqual(apart.results);
    expect(together.predictions[0]).toEqual(apart.predictions[0]);
    expect(together.predictions.map(({ slot }) => slot)).toEqual(['A172', 'BT474', 'SKOV3']);
  });

  test('with members too many, twice, or missing is told which', async () => {
    const member = text(detections[0].A172);
    const zip = archive('wrong.zip', { '2.json': member, '2%.json.gz': gzipSync(member), 'final.json': member });
    expect(await problemsOf('training-size', zip)).toEqual([
      'zip-duplicate-member: “2%.json.gz” and “2.json” in the archive are both for slot 2. Keep one of them.',
      'zip-extra-member: “final.json” in the archive is named after no slot of Training-set size: 2, 4, 5, 25, 50, 100. Rename it, or leave it out.',
      'too-few-slots: Training-set size needs files for at least 2 of its slots 2, 4, 5, 25, 50, 100. There is only 2.',
    ]);
  });

  test('has to be one', async () => {
    expect(await problemsOf('transferability', { all: demo.predictions[0].path })).toEqual([
      expect.stringMatching(/^not-a-zip: Transferability takes a file per slot, or one zip archive/),
    ]);
  });
});
