/** `livecell verify` on receipts that the routes issue. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { getLeaderboard } from '#db/board/board.ts';
import { db } from '#db/engine/client.ts';
import { saveFamilies } from '#db/submissions/families.ts';
import { approve } from '#db/submissions/moderation.ts';
import { saveReports, startScoring } from '#db/submissions/scoring.ts';
import { createSubmission } from '#db/submissions/submissions.ts';
import { receiptSchema } from '#lib/http/api.ts';
import { canonicalDigest } from '#lib/receipts/canonical.ts';
import { checkSignature } from '#lib/receipts/signature.ts';
import { saveSlices, someDataset, someFamilies, someReports, someSubmission } from '#tests/db/fixtures.ts';
import { livecell } from '#tests/e2e/running-site.ts';
import { serveRoutes } from './serve.ts';
import { openSite, person } from './site.ts';

vi.setConfig({ testTimeout: 120_000 });
openSite();

const dir = mkdtempSync(join(tmpdir(), 'livecell-receipt-'));
let site: Awaited<ReturnType<typeof serveRoutes>>;
let id: string;
let sha256: string;
beforeAll(async () => {
  const dataset = await someDataset(db());
  sha256 = dataset.sha256;
  const ada = await person('ada');
  id = (await createSubmission(someSubmission(dataset, { userId: ada.id, method: 'Mine', visibility: 'pending' }))).id;
  await startScoring(id, 1);
  await saveReports(id, someReports({}, dataset.sha256));
  await approve(id, null);
  site = await serveRoutes();
});
afterAll(async () => {
  await site.close();
  rmSync(dir, { recursive: true, force: true });
});

test('a receipt names its site and passes; changed by one digit it does not, nor under another site’s name', async () => {
  const receipt = receiptSchema
    .strict()
    .parse(await (await fetch(`${site.url}/api/v1/submissions/${id}/receipt`)).json());
  expect(receipt).toMatchObject({ site: site.url, digests: { reports: {}, protocols: {} } });
  const keys = await (await fetch(`${site.url}/.well-known/livecell-keys.json`)).json();
  expect(await checkSignature(receipt, keys.keys)).toMatchObject({ state: 'valid' });
  const at = (name: string, content: unknown) => {
    const path = join(dir, name);
    writeFileSync(path, JSON.stringify(content));
    return path;
  };
  const good = at('good.json', receipt);
  const bad = at('bad.json', { ...receipt, submission: { ...receipt.submission, method: 'Mina' } });
  const known = at('keys.json', keys);
  const verify = (...args: string[]) => livecell(['verify', ...args, '--signature-only'], { LIVECELL_DATA: dir });
  const [online, offline, changed, elsewhere] = await Promise.all([
    verify(good),
    verify(good, '--key', known),
    verify(bad),
    verify(good, '--server', 'https://example.org'),
  ]);
  expect(online).toMatchObject({
    status: 0,
    stderr: '',
    stdout: expect.stringContaining(`that ${site.url} publishes`),
  });
  expect(offline).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('The signature is valid') });
  expect(changed).toMatchObject({ status: 1, stderr: expect.stringContaining('the signature is not valid') });
  expect(elsewhere).toMatchObject({ status: 1, stderr: expect.stringContaining('was issued by') });
});

test('the numbers of other papers come after the receipt, and change neither it nor the report', async () => {
  const ask = async (path: string) => (await fetch(`${site.url}/api/v1/${path}`)).json();
  const before = await ask(`submissions/${id}/receipt`);
  const outcomes = await saveSlices(id, db(), sha256);
  await saveFamilies(outcomes, someFamilies(0.25));
  await saveFamilies(outcomes, someFamilies(0.75)); // another attempt at the same job comes too late
  const after = await ask(`submissions/${id}/receipt`);
  expect(after).toEqual(before);
  // the signature holds the digest of the report, which is the report that is told without what came after
  const { families, ...report } = (await ask(`submissions/${id}`)).report;
  expect(families['flat-large'].msa).toBe(0.25);
  expect(await canonicalDigest(report)).toBe(after.digests.reports['livecell-paper']);
  // under every protocol the board has them as columns, of masks alone
  const numbers = async (evaluation: 'segm' | 'bbox') => {
    const view = { task: 'livecell-wide', protocol: 'livecell-code', evaluation, byType: true } as const;
    return (await getLeaderboard(view)).rows.find((one) => one.id === id)!.values;
  };
  expect(await numbers('segm')).toMatchObject({ AP: 0.5, 'msa.flat-large': 0.25, 'errorRate50.flat-cellpose': 0.25 });
  expect(await numbers('bbox')).not.toHaveProperty(['msa.flat-large']);
});
