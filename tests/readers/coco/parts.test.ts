/** Large files are read in parts by several threads: the same comes out as in one piece, or they are not. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { concatObjects, type Dataset, type Objects } from '#lib/coco/dataset.ts';
import { type Plan, planParts } from '#lib/readers/coco/parts.ts';
import { fiveCells, maskOf, packGroundTruth, packPredictions, perfect } from '#tests/coco/documents.ts';
import { type ReadOutcome, runStep, type StepInputs } from '#workers/scoring/steps.ts';
import scoreTask, { dismissHelpers } from '#workers/scoring/task.ts';

/** A file as `openFile` hands it along; a short head, so that the first record may lie behind it. */
const opened = (path: string, bytes: number) => ({ path, bytes, head: readFileSync(path).subarray(0, 1 << 18) });

const groundTruth = fiveCells();
let dataset: Dataset;
let folder: string;
beforeAll(async () => {
  dataset = await packGroundTruth(groundTruth);
  folder = mkdtempSync(join(tmpdir(), 'livecell-parts-'));
});
afterAll(async () => {
  await dismissHelpers();
  rmSync(folder, { recursive: true, force: true });
});

function write(text: string): { path: string; bytes: number } {
  const path = join(folder, 'predictions.json');
  writeFileSync(path, text);
  return { path, bytes: statSync(path).size };
}

/** All parts as three threads read them. */
async function readAll(path: string, plan: Plan): Promise<ReadOutcome[]> {
  const input: StepInputs['read'] = {
    path,
    parts: plan.parts,
    kind: 'predictions',
    images: dataset.images,
    category: 1,
    firstHas: plan.firstHas,
    counter: new Int32Array(new SharedArrayBuffer(8)),
  };
  const outcomes = await Promise.all([runStep('read', input), runStep('read', input), runStep('read', input)]);
  const parts = plan.parts.map((): ReadOutcome => null);
  for (const [part, outcome] of outcomes.flat()) parts[part] = outcome;
  return parts;
}

function columns(objects: Objects): unknown {
  const { count, image, score, area, box, maskArea } = objects;
  const masks = Array.from({ length: count }, (_, k) => [...maskOf(objects, k)]);
  return [count, masks, ...[image, score, area, box, maskArea].map((column) => [...column])];
}

const many = Array.from({ length: 60 }, (_, k) => ({ ...perfect(groundTruth)[k % 5], score: 1 - k / 100 }));
const known = () => ({ images: dataset.images, category: 1 });

describe('predictions', () => {
  test.each<[string, string]>([
    ['without white space', JSON.stringify(many)],
    ['a record to a line', `[\n${many.map((record) => JSON.stringify(record)).join(',\n')}\n]\n`],
    ['indented', JSON.stringify(many, null, 4)],
    ['a document', JSON.stringify({ info: {}, categories: [{ id: 1 }], annotations: many })],
  ])('in any number of parts are the same: %s', async (_how, text) => {
    const { path, bytes } = write(text);
    const whole = await packPredictions(text, dataset);
    for (const count of [2, 3, 4, 7, 16]) {
      const plan = await planParts(opened(path, bytes), count, 'predictions', known());
      expect(plan!.parts.length).toBeGreaterThan(1);
      expect(plan!.parts.length).toBeLessThanOrEqual(count);
      const parts = await readAll(path, plan!);
      expect(parts.every((part) => part !== null)).toBe(true);
      expect(columns(concatObjects(parts.map((part) => part!.objects)))).toEqual(columns(whole.detections));
    }
  });

  test('a boundary that is none is noticed: a record that holds a list of objects', async () => {
    const tricky = many.map((record) => ({ ...record, notes: [{ a: 1 }, { b: 2 }, { c: 3 }, { d: 4 }, { e: 5 }] }));
    const { path, bytes } = write(JSON.stringify(tricky));
    let refused = 0;
    for (let count = 2; count <= 16; count++) {
      const plan = await planParts(opened(path, bytes), count, 'predictions', known());
      const parts = await readAll(path, plan!);
      if (parts.some((part) => part === null)) refused++;
      else
        expect(columns(concatObjects(parts.map((part) => part!.objects)))).toEqual(
          columns((await packPredictions(tricky, dataset)).detections),
        );
    }
    expect(refused).toBeGreaterThan(0);
  });

  test.each<[string, string]>([
    ['keyed by id', JSON.stringify({ annotations: Object.fromEntries(many.entries()) })],
    [
      'with images of their own',
      JSON.stringify({ images: [{ id: 7, file_name: groundTruth.images[0].file_name }], annotations: many }),
    ],
    ['a record to a line without a list', many.map((record) => JSON.stringify(record)).join('\n')],
    ['broken at the beginning', '[{"image_id" 1'],
    ['none at all', '[]'],
    ['no JSON', 'hello'],
  ])('%s are read in one piece', async (_what, text) => {
    const { path, bytes } = write(text);
    expect(await planParts(opened(path, bytes), 4, 'predictions', known())).toBeNull();
  });
});

describe('a job with several threads', () => {
  const run = (text: string, threads: number) => {
    const { path } = write(text);
    writeFileSync(join(folder, 'ground-truth.json'), JSON.stringify(groundTruth));
    return scoreTask({
      task: 'livecell-wide',
      groundTruth: { path: join(folder, 'ground-truth.json') },
      files: [{ slot: 'predictions', path }],
      protocols: ['livecell-paper'],
      intervals: false,
      threads,
      together: threads > 1,
    });
  };

  test('says of a wrong file what one thread says, with the file’s record numbers', async () => {
    const wrong = many.map((record, k) => ({
      ...record,
      ...(k % 20 === 19 && { score: null }),
      ...(k === 30 && { bbox: [1] }),
    }));
    const [alone, together] = [await run(JSON.stringify(wrong), 1), await run(JSON.stringify(wrong), 2)];
    expect(together).toEqual(alone);
    expect(!together.ok && together.problems.map(({ record }) => record)).toEqual([20, 40, 60, 31]);
  });

  test('says of a broken file where it is broken', async () => {
    const text = JSON.stringify(many);
    for (const broken of [text.slice(0, -300), text.replace('"score":0.5}', '"score":0.5'), `${text}]`]) {
      const [alone, together] = [await run(broken, 1), await run(broken, 2)];
      expect(together).toEqual(alone);
      expect(together.ok).toBe(false);
    }
  });

  test.each<[string, string]>([
    ['a record to a line', many.map((record) => JSON.stringify(record)).join('\n')],
    ['lists in a row', `${JSON.stringify(many.slice(0, 31))}\n${JSON.stringify(many.slice(31))}`],
    ['a list under “predictions”', JSON.stringify({ predictions: many })],
  ])('scores %s as one list', async (_how, text) => {
    const [list, together] = [await run(JSON.stringify(many), 1), await run(text, 2)];
    if (!list.ok || !together.ok) throw new Error('Good files are refused.');
    expect(together.reports[0].predictions[0].detections).toBe(60);
    expect(together.reports[0].results).toEqual(list.reports[0].results);
  });

  test('counts warnings once', async () => {
    const odd = many.map((record, k) => ({
      ...record,
      category_id: k % 4 === 0 ? 2 : 1,
      ...(k % 3 === 0 && { bbox: [70, 5, 30, 3] }),
    }));
    const [alone, together] = [await run(JSON.stringify(odd), 1), await run(JSON.stringify(odd), 2)];
    const warnings = [alone, together].map((outcome) => outcome.ok && outcome.reports[0].warnings);
    expect(warnings[1]).toEqual(warnings[0]);
    expect(warnings[0]).toMatchObject([
      { code: 'box-beyond-border', count: 15 },
      { code: 'category-not-scored', count: 15 },
      { code: 'masks-outside-boxes', count: 15 },
    ]);
  });
});
