/** `livecell compare`: the reference's paired differences, from two reports of `score --json`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Difference } from '#lib/scoring/jackknife.ts';
import type { ReportOf } from '#lib/tasks/report.ts';
import { livecell } from '#tests/e2e/running-site.ts';
import { GOLDEN, readGolden } from '#tests/parity/golden-files.ts';

const dir = mkdtempSync(join(tmpdir(), 'livecell-compare-'));
const at = (name: string) => join(dir, name);
const run = (...args: string[]) => livecell(args, { LIVECELL_DATA: join(dir, 'data'), LIVECELL_TOKEN: undefined });
const { paired } = readGolden<{ paired: Record<'segm' | 'bbox', Record<string, Difference>> }>('small/jackknife.json');
let first: ReportOf<'livecell-wide'>;

beforeAll(async () => {
  for (const [name, file] of [
    ['a.json', 'dt.json.gz'],
    ['b.json', 'dt_second.json.gz'],
  ]) {
    const files = ['--ground-truth', join(GOLDEN, 'small/gt.json.gz'), '--predictions', join(GOLDEN, 'small', file)];
    const { status, stdout } = await run('score', ...files, '--no-errors', '--json');
    expect(status).toBe(0);
    writeFileSync(at(name), stdout);
    if (name === 'a.json') first = JSON.parse(stdout) as ReportOf<'livecell-wide'>;
  }
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('gives the reference’s differences of all four numbers, of masks and boxes', async () => {
  const { status, stdout } = await run('compare', at('a.json'), at('b.json'), '--json');
  expect(status).toBe(0);
  const close = (value: number) => expect.closeTo(value, 9);
  const near = ({ interval, ...numbers }: Difference) => ({
    ...Object.fromEntries(Object.entries(numbers).map(([key, value]) => [key, close(value)])),
    interval: interval.map(close),
  });
  for (const evaluation of ['segm', 'bbox'] as const) {
    const wanted = Object.entries(paired[evaluation]).map(([metric, difference]) => [metric, near(difference)]);
    expect(JSON.parse(stdout)[evaluation]).toEqual(Object.fromEntries(wanted));
  }
});

test('prints a table for people', async () => {
  const { status, stdout } = await run('compare', at('a.json'), at('b.json'));
  expect(status).toBe(0);
  expect(stdout).toMatch(/^Masks +A less B +95 % interval +p +A better$/m);
  expect(stdout).toMatch(/^AP +\+3\.20 +\+2\.20 to \+4\.21 +< 0\.001 +100\.0 %$/m);
  expect(stdout).toMatch(/^AFNR +−2\.73/m);
});

describe('refuses', () => {
  const changed = (name: string, report: unknown) => writeFileSync(at(name), JSON.stringify(report));

  test('one report, with the right call', async () => {
    expect(await run('compare', at('a.json'))).toMatchObject({ status: 2 });
  });

  test.each([
    ['a file that is no report', { some: 'thing' }, 'is not a report. livecell score --json writes one.'],
    [
      'other ground truth',
      () => ({ ...first, groundTruth: { ...first.groundTruth, sha256: 'x' } }),
      'different ground truth',
    ],
    ['another protocol', () => ({ ...first, protocol: 'coco' }), 'scored under livecell-paper'],
    [
      'a report without replicates',
      () => ({
        ...first,
        results: { bbox: { overall: first.results.bbox.overall, cellTypes: first.results.bbox.cellTypes } },
      }),
      'has no replicates. Score the file again without --no-intervals',
    ],
  ])('%s', async (_, report, words) => {
    changed('other.json', typeof report === 'function' ? report() : report);
    const { status, stdout, stderr } = await run('compare', at('a.json'), at('other.json'), '--json');
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ exitStatus: 1, detail: expect.stringContaining(words) });
    expect(stderr).toContain(words);
  });

  test('a test set with too few fields, and says how many it has', async () => {
    const few = (results: ReportOf<'livecell-wide'>['results']['bbox']) => ({
      ...results,
      fields: results.fields!.slice(0, 4),
      replicates: results.replicates!.slice(0, 4),
    });
    changed('few.json', { ...first, results: { bbox: few(first.results.bbox) } });
    const { status, stderr } = await run('compare', at('few.json'), at('few.json'));
    expect(status).toBe(1);
    expect(stderr).toContain(
      'has 4 fields of view in 2 strata; a comparison needs at least five more fields than strata',
    );
  });
});
