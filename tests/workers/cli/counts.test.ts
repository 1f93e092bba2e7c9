/** A receipt of private counts has means over time instead of images, and can still be verified. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Report } from '#lib/tasks/report.ts';
import { withoutGroundTruth } from '#lib/tasks/report-schema.ts';
import { livecell } from '#tests/e2e/running-site.ts';
import { writeDemoData } from '#workers/demo/data.ts';

const dir = mkdtempSync(join(tmpdir(), 'livecell-cli-counts-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const run = (...args: string[]) => livecell(args, { LIVECELL_DATA: join(dir, 'data') });

test('verify agrees with what is kept of private counts, and finds a changed mean', async () => {
  const { counts } = await writeDemoData(join(dir, 'demo'), { imagesPerType: 1 });
  const { A172 } = counts;
  const files = ['--ground-truth', `A172=${A172.reference}`, '--predictions', `A172=${A172.predictions}`];
  const scored = await run('score', '--task', 'fluorescence-counts', ...files, '--json');
  const kept = withoutGroundTruth(JSON.parse(scored.stdout) as Report);
  const { overTime } = (kept.results as { counts: { A172: { overTime?: { predicted: { mean: number } }[] } } }).counts
    .A172;
  expect(overTime?.length).toBeGreaterThan(10);
  const receipt = join(dir, 'receipt.json');
  writeFileSync(receipt, JSON.stringify(kept));
  expect(await run('verify', receipt, ...files)).toMatchObject({ status: 0, stderr: '' });
  overTime![0].predicted.mean += 1;
  writeFileSync(receipt, JSON.stringify(kept));
  expect(await run('verify', receipt, ...files)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('overTime 0 predicted mean'),
  });
});
