/** `livecell score` for every task with several files: the call, the report, the table. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import type { ReportOf } from '#lib/tasks/report.ts';
import { reportSchema } from '#lib/tasks/report-schema.ts';
import { livecell } from '#tests/e2e/running-site.ts';
import { labelPictures } from '#tests/workers/scoring/label-pictures.ts';
import { type DemoData, writeDemoData } from '#workers/demo/data.ts';

type SingleCellType = ReportOf<'single-cell-type'>['results'];

const dir = mkdtempSync(join(tmpdir(), 'livecell-cli-tasks-'));
let demo: DemoData;
beforeAll(async () => {
  demo = await writeDemoData(join(dir, 'demo'), { imagesPerType: 1 });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const run = (...args: string[]) => livecell(args, { LIVECELL_DATA: join(dir, 'data'), LIVECELL_TOKEN: undefined });
const score = (task: string, truth: string[], files: string[], ...more: string[]) =>
  run(
    ...['score', '--task', task, ...more],
    ...truth.flatMap((text) => ['--ground-truth', text]),
    ...files.flatMap((text) => ['--predictions', text]),
  );
const model = (i: number) => demo.predictions[i % 3].path;

async function report(...call: Parameters<typeof score>) {
  const { status, stdout, stderr } = await score(...call, '--json');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return reportSchema.parse(JSON.parse(stdout));
}

describe('score', () => {
  test('takes eight files for transferability, and prints its index', async () => {
    const files = CELL_TYPES.map((type, i) => `${type.toLowerCase()}=${model(i)}`);
    const found = await report('transferability', [demo.groundTruth], files);
    expect(found).toMatchObject({ task: 'transferability', results: { segm: { index: expect.any(Number) } } });
    const { stdout } = await score('transferability', [demo.groundTruth], files);
    expect(stdout).toMatch(/^Index +-?\d\.\d{3} +-?\d\.\d{3}$/m);
    // which way round a number is, is said with it
    expect(stdout).toMatch(/^Mean AP elsewhere, trained on BV-2 +\d+\.\d\d +\d+\.\d\d$/m);
    expect(stdout).toContain('Masks, AP of the model trained on (row), evaluated on (column):');
    const { matrix } = (found as ReportOf<'transferability'>).results.segm!;
    const [row] = stdout.split('\n').filter((line) => /^BV-2 /.test(line));
    expect(row.split(/ +/).slice(1)).toEqual(CELL_TYPES.map((type) => (100 * matrix.BV2![type]!).toFixed(2)));
  });

  test('takes one archive named by slot', async () => {
    const zip = join(dir, 'sizes.zip');
    writeFileSync(zip, zipSync({ '2.json': readFileSync(model(2)), '100.json': readFileSync(model(0)) }));
    const apart = await report('training-size', [demo.groundTruth], [`2=${model(2)}`, `100=${model(0)}`]);
    const together = await report('training-size', [demo.groundTruth], [zip]);
    expect(together.results).toEqual(apart.results);
    const receipt = join(dir, 'receipt.json');
    writeFileSync(receipt, JSON.stringify(together));
    const checked = await run('verify', receipt, '--ground-truth', demo.groundTruth, '--predictions', zip);
    expect(checked.stdout).toMatch(/^Every number agrees: all [\d,]+ numbers agree\.$/m);
  });

  test('takes one type, and an outside data set by its name', async () => {
    const single = await report('single-cell-type', [demo.groundTruth], [`SK-OV-3=${model(0)}`]);
    expect(single).toMatchObject({
      results: { bbox: { mean: null, cellTypes: { SKOV3: { AP: expect.any(Number) } } } },
    });
    const outside = await report('zero-shot', [`EVICAN=${demo.groundTruth}`], [`EVICAN=${model(0)}`]);
    expect(outside).toMatchObject({ results: { datasets: { EVICAN: { bbox: { overall: { images: 8 } } } } } });
  });

  test('takes counts with their references', async () => {
    const types = ['A172', 'A549'] as const;
    const found = await report(
      'fluorescence-counts',
      types.map((type) => `${type}=${demo.counts[type].reference}`),
      types.map((type) => `${type}=${demo.counts[type].predictions}`),
    );
    expect(found).toMatchObject({ results: { counts: { A172: { images: 240 }, A549: { images: 240 } } } });
  });

  test('takes a folder of label images per slot, inside the archive of the task', async () => {
    const [skov3, a172] = await Promise.all(
      (['SKOV3', 'A172'] as const).map((type) => labelPictures(demo.groundTruth, type)),
    );
    const zip = join(dir, 'labels.zip');
    writeFileSync(zip, zipSync({ ours: { SKOV3: skov3, 'a-172': a172 }, 'README.txt': new Uint8Array([65]) }));
    const [one, other] = [join(dir, 'skov3.zip'), join(dir, 'a172.zip')];
    writeFileSync(one, zipSync(skov3));
    writeFileSync(other, zipSync(a172));
    const together = await report('single-cell-type', [demo.groundTruth], [zip]);
    const apart = await report('single-cell-type', [demo.groundTruth], [`SKOV3=${one}`, `A172=${other}`]);
    expect(together.results).toEqual(apart.results);
    expect(together).toMatchObject({
      unscored: true,
      predictions: [
        { slot: 'A172', format: 'label-images', images: 1 },
        { slot: 'SKOV3', format: 'label-images', images: 1 },
      ],
    });
    // the ground truth's own cells, but for what others cover
    const { segm } = together.results as SingleCellType;
    expect(segm!.cellTypes.SKOV3!.AP).toBeGreaterThan(0.8);

    const checked = await run('validate', '--task', 'single-cell-type', '--ground-truth', demo.groundTruth, zip);
    expect(checked).toMatchObject({ status: 0, stdout: expect.stringMatching(/ {2}SKOV3: \d+ detections on 1 image/) });

    const stray = join(dir, 'stray.zip');
    const [name] = Object.keys(a172);
    writeFileSync(
      stray,
      zipSync({ SKOV3: { ...skov3, 'other_cp_masks.png': a172[name] }, 'A172/notes.csv': a172[name] }),
    );
    const wrong = await score('single-cell-type', [demo.groundTruth], [stray]);
    expect(wrong.stderr).toContain(
      'Slot SKOV3, “SKOV3”: “other_cp_masks.png” belongs to no image of this data set. Name each label image after its image',
    );
    expect(wrong.status).toBe(1);
  });

  test.each([
    ['transferability', ['A172=x.json'], 'There is no file x.json', 1],
    ['training-size', ['99=x.json'], 'The task training-size has no slot “99”; it has 2, 4, 5, 25, 50, 100', 2],
    ['training-size', ['MODEL', 'MODEL'], 'say which slot it is for, as SLOT=FILE', 2],
    ['training-size', ['2=MODEL', '2=MODEL'], 'Two files are given for slot 2', 2],
    ['training-size', ['2=MODEL'], 'needs files for at least 2 of its slots', 2],
    ['transferability', ['BV2=MODEL'], 'There is no file for slot A172', 2],
    ['fluorescence-counts', ['A172=MODEL'], '--ground-truth', 2],
    ['transferability', ['MODEL'], 'or one zip archive whose files are named by slot', 1],
  ])('%s with %j is told why not', async (task, files, words, expected) => {
    const given = files.map((file) => file.replace('MODEL', model(0)));
    const { status, stdout, stderr } = await score(task, [demo.groundTruth], given);
    expect(stderr).toContain(words);
    expect({ status, stdout }).toEqual({ status: expected, stdout: '' });
  });
});

describe('validate', () => {
  const validate = (...args: string[]) => run('validate', ...args);
  const counts = (type: 'A172' | 'A549') => ['--ground-truth', `${type}=${demo.counts[type].reference}`];

  test('says of every slot what is wrong, which are missing, and how many more of a kind there are', async () => {
    const detections = JSON.parse(readFileSync(model(0), 'utf8')) as object[];
    const wrong = join(dir, 'unscored.json');
    writeFileSync(wrong, JSON.stringify(detections.map((detection) => ({ ...detection, score: null }))));
    const files = [`A172=${demo.counts.A172.predictions}`, `bv-2=${wrong}`, `SKOV3=${model(1)}`];
    const call = ['--task', 'transferability', '--ground-truth', demo.groundTruth];
    const { status, stdout, stderr } = await validate(...call, ...files.flatMap((text) => ['--predictions', text]));
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    const lines = stderr.trim().split('\n');
    expect(
      lines.filter((line) => /^There is no file for slot (BT474|Huh7|MCF7|SHSY5Y|SkBr3)\./.test(line)),
    ).toHaveLength(5);
    expect(lines).toContainEqual(
      expect.stringMatching(/^Slot A172, “demo-counts-A172-predictions.json”: The file holds a count per image/),
    );
    const unscored = lines.filter((line) => /^Slot BV2, “unscored.json”: Detection \d+: score is/.test(line));
    expect(unscored).toHaveLength(100);
    expect(unscored.at(-1)).toContain(`(and ${detections.length - 100} more of this kind)`);
    expect(lines).toHaveLength(106);

    const asked = await validate(...call, '--json', ...files.flatMap((text) => ['--predictions', text]));
    const document = JSON.parse(asked.stdout);
    expect(document).toMatchObject({
      ok: false,
      task: 'transferability',
      files: [
        { slot: 'A172', problems: 1 },
        { slot: 'BV2', problems: detections.length },
        { slot: 'SKOV3', problems: 0, format: 'coco-json', images: 8 },
      ],
    });
    expect(document.problems.map(({ message }: { message: string }) => message.replace(/\n/g, ' '))).toEqual(
      lines.map((line) => line.replace(/ \(and \d+ more of this kind\)$/, '')),
    );
  });

  test('takes one archive, of predictions, counts or data sets, and lists what it read', async () => {
    const sizes = join(dir, 'validated.zip');
    writeFileSync(sizes, zipSync({ '2.json': readFileSync(model(2)), '100.json': readFileSync(model(0)) }));
    const two = await validate('--task', 'training-size', '--ground-truth', demo.groundTruth, '--predictions', sizes);
    expect(two.status).toBe(0);
    expect(two.stdout).toMatch(/^No problems:\n {2}2: \d+ detections on 8 images \(coco-json\)\n {2}100: /);
    expect(two.stderr).toContain('warning: There are files for 2 of the 6 slots of Training-set size');

    const counted = join(dir, 'counts.zip');
    const member = (type: 'A172' | 'A549') => readFileSync(demo.counts[type].predictions);
    writeFileSync(counted, zipSync({ 'A172.json': member('A172'), 'a549.json': member('A549') }));
    const truth = [...counts('A172'), ...counts('A549')];
    const both = await validate('--task', 'fluorescence-counts', ...truth, '--predictions', counted);
    expect(both.stdout).toMatch(/^No problems:\n {2}A172: [\d,]+ cells on 240 images \(counts-json\)\n {2}A549: /);
    const scored = await report(
      'fluorescence-counts',
      truth.filter((text) => text !== '--ground-truth'),
      [counted],
    );
    expect(scored).toMatchObject({ results: { counts: { A172: { images: 240 }, A549: { images: 240 } } } });

    const sets = join(dir, 'sets.zip');
    writeFileSync(sets, zipSync({ 'EVICAN.json': readFileSync(model(0)), 'Cellpose.json': readFileSync(model(1)) }));
    const sources = ['EVICAN', 'Cellpose'].map((name) => `${name}=${demo.groundTruth}`);
    const outside = await validate(
      ...['--task', 'zero-shot', '--predictions', sets],
      ...sources.flatMap((text) => ['--ground-truth', text]),
    );
    expect(outside).toMatchObject({ status: 0, stdout: expect.stringContaining('  Cellpose: ') });
    const results = await report('zero-shot', sources, [sets]);
    expect(results).toMatchObject({
      results: { datasets: { EVICAN: { bbox: { overall: { images: 8 } } }, Cellpose: { bbox: expect.anything() } } },
    });
    // as the site says it: which ground truth each of them was
    const sha256 = createHash('sha256').update(readFileSync(demo.groundTruth)).digest('hex');
    const { groundTruth } = results as { groundTruth: { datasets: object } };
    const each = { sha256, images: 8, objects: expect.any(Number) };
    expect(groundTruth.datasets).toEqual({ EVICAN: each, Cellpose: each });
  });

  test('needs only the names of the images where counts are not public', async () => {
    const names = join(dir, 'names.json');
    const series = (['A172', 'A549'] as const).flatMap((type) =>
      Object.keys(JSON.parse(readFileSync(demo.counts[type].reference, 'utf8'))),
    );
    writeFileSync(names, JSON.stringify(series.map((file_name) => ({ file_name }))));
    const call = ['--task', 'fluorescence-counts', '--images', names, '--predictions'];
    const good = await validate(...call, `A549=${demo.counts.A549.predictions}`);
    expect(good).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('on 240 images') });
    const swapped = await validate(...call, `A549=${demo.counts.A172.predictions}`);
    expect(swapped).toMatchObject({ status: 1, stderr: expect.stringContaining('Is the file in the wrong slot?') });
  });

  test.each([
    [['--ground-truth', 'x.json'], 'The prediction file is missing', 2],
    [['--predictions', 'MODEL'], 'Either --ground-truth or --images is needed', 2],
    [['--images', 'MODEL', '--predictions', 'MODEL'], 'The list of images is not one: image 1: id', 1],
  ])('with %j is told why not', async (args, words, expected) => {
    const { status, stderr } = await validate(...args.map((text) => text.replace('MODEL', model(0))));
    expect({ status, stderr }).toEqual({ status: expected, stderr: expect.stringContaining(words) });
  });
});
