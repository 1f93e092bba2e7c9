/** `livecell score` for every task with several files: the call, the report, the table. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CELL_TYPES } from '#lib/scoring/cell-types.ts';
import { anyReportSchema } from '#lib/scoring/report.ts';
import { livecell } from '#tests/e2e/running-site.ts';
import { type DemoData, writeDemoData } from '#workers/demo-data.ts';

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
  return anyReportSchema.parse(JSON.parse(stdout));
}

describe('score', () => {
  test('takes eight files for transferability, and prints its index', async () => {
    const files = CELL_TYPES.map((type, i) => `${type.toLowerCase()}=${model(i)}`);
    const found = await report('transferability', [demo.groundTruth], files);
    expect(found).toMatchObject({ task: 'transferability', results: { segm: { index: expect.any(Number) } } });
    const { stdout } = await score('transferability', [demo.groundTruth], files);
    expect(stdout).toMatch(/^Index +-?\d\.\d{3} +-?\d\.\d{3}$/m);
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
    expect(checked.stdout).toMatch(/^All [\d,]+ numbers agree\.$/m);
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
