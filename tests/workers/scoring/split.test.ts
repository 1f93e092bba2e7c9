/** A divided data set: the board shows the public part's numbers, and from the date on the private part's, not before. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { eq, sql } from 'drizzle-orm';
import { beforeAll, expect, test } from 'vitest';
import { getLeaderboard } from '#db/board/board.ts';
import { getReports } from '#db/board/reports.ts';
import { getDataset, getDatasetByName, registerDataset } from '#db/datasets/datasets.ts';
import { db } from '#db/engine/client.ts';
import { createImport, replaceGroundTruth, setDatasetPublic } from '#db/rescore/ground-truth.ts';
import { saveRescore, startRescoreItem } from '#db/rescore/score.ts';
import { requireDivisibleKind, startDueParts } from '#db/rescore/split.ts';
import { evaluations, groundTruthImports, groundTruthVersions, rescoreItems } from '#db/schema.ts';
import { saveReports, startScoring } from '#db/submissions/scoring.ts';
import { createSubmission } from '#db/submissions/submissions.ts';
import { importGroundTruth } from '#lib/datasets/import-ground-truth.ts';
import { digestOfPart } from '#lib/datasets/part-list.ts';
import { sha256File } from '#lib/readers/files.ts';
import { type FileStorage, storage } from '#lib/storage.ts';
import type { Report } from '#lib/tasks/report.ts';
import { openSite } from '#tests/app/site.ts';
import { someSubmission } from '#tests/db/fixtures.ts';
import { livecell } from '#tests/e2e/running-site.ts';
import { reportOf } from '#tests/scoring/reports.ts';
import importTask from '#workers/scoring/import-task.ts';
import { importGroundTruth as runImport } from '#workers/scoring/jobs/import.ts';
import type { JobRoom } from '#workers/scoring/jobs/run-job.ts';
import { buildJob } from '#workers/scoring/jobs/score.ts';
import { listPart, splitDataSet } from '#workers/scoring/split-data-set.ts';
import scoreTask from '#workers/scoring/task.ts';

openSite();

const WELLS = ['A1', 'B2', 'C3', 'D4'];
const images = WELLS.flatMap((well, w) =>
  [1, 2].map((field) => ({
    id: w * 2 + field,
    file_name: `A172_Phase_${well}_${field}_00d00h00m_1.tif`,
    width: 100,
    height: 100,
  })),
);
const box = (k: number) => [k * 20, 10, 10, 10];
const annotations = images.flatMap(({ id }) =>
  [0, 1, 2, 3].map((k) => {
    const [x, y, w, h] = box(k);
    const segmentation = [[x, y, x + w, y, x + w, y + h, x, y + h]];
    return { id: id * 10 + k, image_id: id, category_id: 1, segmentation, bbox: box(k), area: 100, iscrowd: 0 };
  }),
);
/** How many of a well's eight cells are found: no two wells together have as many as the other two. */
const FOUND = [1, 2, 4, 7];
const predictions = annotations.flatMap(({ image_id, segmentation }, i) =>
  i % 8 < FOUND[Math.floor(i / 8)] ? [{ image_id, category_id: 1, score: 0.9, segmentation }] : [],
);

let source: string;
let datasetId: string;
let submissionId: string;
const site = async (key: string, content: string) => {
  const path = (storage() as FileStorage).path(key);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
};

beforeAll(async () => {
  process.env.AUTH_SECRET = 'a secret that nobody knows';
  source = join(process.env.LIVECELL_DATA!, 'truth.json');
  writeFileSync(source, JSON.stringify({ images, annotations, categories: [{ id: 1, name: 'cell' }] }));
  await site('datasets/whole', '');
  const {
    warnings: _,
    statistics: __,
    ...facts
  } = await importGroundTruth(source, (storage() as FileStorage).path('datasets/whole'));
  const dataset = await registerDataset({
    ...facts,
    name: 'hidden test',
    task: 'livecell-wide',
    packKey: 'datasets/whole',
  });
  datasetId = dataset.id;
  await site('submissions/one/all.json', JSON.stringify(predictions));
  const files = [
    { slot: 'all', fileName: 'all.json', bytes: 3, sha256: 'b'.repeat(64), storageKey: 'submissions/one/all.json' },
  ];
  submissionId = (await createSubmission(someSubmission(dataset, { files, visibility: 'pending' }))).id;
  const input = (await startScoring(submissionId, 1))!;
  const scored = await scoreTask({ ...(await buildJob(input)), threads: 1 });
  if (!scored.ok) throw new Error(scored.problems[0].message);
  await saveReports(submissionId, scored.reports);
  await db().execute(sql`update submissions set visibility = 'published', shown = true where id = ${submissionId}`);
});

/** Score what waits for it, as a scoring process does. */
async function scoreWaiting(): Promise<void> {
  const waiting = await db().select().from(rescoreItems).where(eq(rescoreItems.state, 'waiting'));
  for (const item of waiting) {
    const input = (await startRescoreItem(item.rescoreId, item.submissionId))!;
    const scored = await scoreTask({ ...(await buildJob(input)), threads: 1 });
    if (!scored.ok) throw new Error(scored.problems[0].message);
    expect(await saveRescore(item.rescoreId, item.submissionId, scored.reports)).toBe(true);
  }
}

/** With the list of the part and the whole file, anybody recomputes the report; without it, or with another, nobody. */
async function verifiesFromFiles(report: Report, other: string): Promise<void> {
  const folder = process.env.LIVECELL_DATA!;
  const written = (name: string, content: unknown) => {
    writeFileSync(join(folder, name), JSON.stringify(content));
    return join(folder, name);
  };
  const dataset = (await getDataset(datasetId))!;
  const list = await listPart(dataset, 'public');
  expect(list).toMatchObject({ name: 'public', by: 'well', of: await sha256File(source) });
  expect(list.units).toHaveLength(2);
  expect(digestOfPart(list)).toBe(report.groundTruth.sha256);
  const rest = await listPart(dataset, 'private');
  expect(digestOfPart(rest)).toBe(other);
  expect([...list.units, ...rest.units].sort()).toEqual(WELLS.map((well) => `A172_${well}`));

  const sent = (storage() as FileStorage).path('submissions/one/all.json');
  const [file] = report.predictions;
  const receipt = written('receipt.json', { ...report, predictions: [{ ...file, sha256: await sha256File(sent) }] });
  const files = ['--predictions', sent];
  const verify = (truth: string, ...more: string[]) =>
    livecell(['verify', receipt, ...files, '--ground-truth', truth, ...more], { LIVECELL_DATA: folder });
  expect(await verify(source, '--part', written('part.json', list))).toMatchObject({
    status: 0,
    stderr: '',
    stdout: expect.stringContaining('Every number agrees'),
  });
  const without = await verify(source);
  expect(without).toMatchObject({ status: 1, stderr: expect.stringContaining('livecell split NAME --list public') });
  const wrong: [unknown, RegExp][] = [
    [rest, /the list is of the other part/],
    [{ ...list, key: '0'.repeat(64) }, /or it was changed/],
    [{ ...list, units: [...list.units, 'A172_Z9'] }, /no image of these wells: A172_Z9/],
    [{ ...list, of: '0'.repeat(64) }, /of other ground truth than this file/],
    [{ units: list.units }, /is no list of a part/],
  ];
  for (const [content, words] of wrong)
    expect(await verify(source, '--part', written('part.json', content))).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(words),
    });
}

const shown = async () => {
  const report = reportOf((await getReports(submissionId))['livecell-paper'], 'livecell-wide');
  const { rows, dataset } = await getLeaderboard({
    task: 'livecell-wide',
    protocol: 'livecell-paper',
    evaluation: 'segm',
  });
  return { report, dataset: dataset!, AFNR: report.results.segm!.overall.AFNR, rows };
};

test('the public part is scored until the date, then the private one, and nothing of it before', {
  timeout: 180_000,
}, async () => {
  const whole = await shown();
  expect(whole.report.groundTruth).toMatchObject({ images: 8, objects: 32 });

  await splitDataSet(datasetId, { by: 'well', share: 0.5, until: '2999-01-01' }, null);
  // until everything is scored again, all is as it was
  expect((await shown()).report.groundTruth.sha256).toBe(whole.report.groundTruth.sha256);
  await scoreWaiting();
  const publicPart = await shown();
  expect(publicPart.dataset.part).toMatchObject({ name: 'public', by: 'well', units: 2, of: 4, degreesOfFreedom: 3 });
  expect(publicPart.report.groundTruth).toMatchObject({ images: 4, objects: 16, sha256: publicPart.dataset.sha256 });
  expect(publicPart.report.warnings.map(({ code }) => code)).toContain('few-fields');
  expect(publicPart.report.results.segm!.overall.interval).toBeUndefined();

  const [hidden] = await db().select().from(groundTruthVersions).where(eq(groundTruthVersions.state, 'scheduled'));
  expect(hidden).toMatchObject({ images: 4, objects: 16, public: false });
  // of the private part there is no score anywhere
  const digests = async () => new Set((await db().select().from(evaluations)).map((row) => row.groundTruthSha256));
  expect((await digests()).has(hidden.sha256)).toBe(false);
  expect(await startDueParts()).toEqual([]);

  await verifiesFromFiles(publicPart.report, hidden.sha256);

  // it is neither replaced, nor divided again, nor made public
  const refused = { code: 'conflict' };
  await expect(splitDataSet(datasetId, { by: 'well', share: 0.5, until: '2999-01-01' }, null)).rejects.toMatchObject(
    refused,
  );
  await expect(setDatasetPublic(datasetId, true, { actorId: null, reason: 'x' })).rejects.toMatchObject(refused);
  const facts = {
    sha256: 'f'.repeat(64),
    images: 1,
    objects: 1,
    cellTypes: {},
    statistics: null,
    packKey: 'datasets/x',
  };
  await expect(replaceGroundTruth(datasetId, { facts, note: 'new' }, null)).rejects.toMatchObject(refused);

  await db().update(groundTruthVersions).set({ switchAt: sql`now()` }).where(eq(groundTruthVersions.id, hidden.id));
  expect(await startDueParts()).toEqual(['hidden test']);
  expect(await startDueParts()).toEqual([]);
  expect((await shown()).report.groundTruth.sha256).toBe(publicPart.dataset.sha256);
  await scoreWaiting();
  const privatePart = await shown();
  expect(privatePart.dataset).toMatchObject({ sha256: hidden.sha256, part: { name: 'private' }, public: false });
  expect(privatePart.report.groundTruth.sha256).toBe(hidden.sha256);
  expect(privatePart.rows).toHaveLength(1);
  // both parts have the same number of objects, so the whole is their mean
  expect((publicPart.AFNR! + privatePart.AFNR!) / 2).toBeCloseTo(whole.AFNR!, 9);
  expect(publicPart.AFNR).not.toBe(privatePart.AFNR);
});

test('without the site’s secret nothing is divided: everybody could compute which wells are private', async () => {
  const { AUTH_SECRET } = process.env;
  delete process.env.AUTH_SECRET;
  try {
    const { id: _, createdAt: __, ...dataset } = (await getDataset(datasetId))!;
    const fresh = { ...dataset, name: 'fourth', sha256: 'd'.repeat(64), part: null, packKey: 'datasets/whole' };
    const { id } = await registerDataset(fresh);
    const divide = () => splitDataSet(id, { by: 'well', share: 0.5, until: '2999-01-01' }, null);
    await expect(divide()).rejects.toMatchObject({ code: 'unavailable' });
    // one that the launcher made counts, also for programs that it did not start
    writeFileSync(join(process.env.LIVECELL_DATA!, 'auth-secret'), 'made by the launcher');
    expect((await divide()).parts).toHaveLength(2);
  } finally {
    process.env.AUTH_SECRET = AUTH_SECRET;
  }
});

test('public ground truth, a date in the past and a share of everything are refused', async () => {
  const { id: _, createdAt: __, ...dataset } = (await getDataset(datasetId))!;
  const { id } = await registerDataset({ ...dataset, name: 'other', sha256: 'a'.repeat(64), public: true, part: null });
  const until = '2999-01-01';
  await expect(splitDataSet(id, { by: 'well', share: 0.5, until }, null)).rejects.toThrow(/are public/);
  const fresh = { ...dataset, name: 'third', sha256: 'c'.repeat(64), part: null, packKey: 'datasets/whole' };
  const third = await registerDataset(fresh);
  await expect(splitDataSet(third.id, { by: 'well', share: 1, until }, null)).rejects.toThrow(/between 0 and 1/);
  await expect(splitDataSet(third.id, { by: 'well', share: 0.5, until: '2020-01-01' }, null)).rejects.toThrow(/future/);
});

test('ground truth is divided as soon as it is registered, if its maintainer asked for that', async () => {
  await site('uploads/truth', JSON.stringify({ images, annotations, categories: [{ id: 1, name: 'cell' }] }));
  const splitting = { by: 'field', share: 0.5, until: '2999-01-01' } as const;
  const file = { slot: '', fileName: 'truth.json', bytes: 9, sha256: 'a'.repeat(64), storageKey: 'uploads/truth' };
  const { id } = await createImport({ name: 'divided', task: 'livecell-wide', files: [file], splitting }, null);
  const room = { threads: 1, clocks: {}, pool: { importGroundTruth: importTask } } as unknown as JobRoom;
  const context = { attempt: 1, lastAttempt: false, waitedSeconds: 0, signal: new AbortController().signal };
  await runImport(room, id, context);
  const [next] = await db().select().from(groundTruthImports).where(eq(groundTruthImports.state, 'waiting'));
  expect(next).toMatchObject({ name: 'divided', splitting, files: [] });
  await runImport(room, next.id, context);
  expect((await getDatasetByName('divided'))!.part).toMatchObject({ name: 'public', by: 'field', units: 4, of: 8 });
});

test('what cannot be divided is refused before it is read', () => {
  const about = { name: 'x', public: false };
  const later = new Date('2999-01-01');
  requireDivisibleKind({ ...about, task: 'livecell-wide' }, later);
  expect(() => requireDivisibleKind({ ...about, task: 'livecell-wide', public: true }, later)).toThrow(/are public/);
  expect(() => requireDivisibleKind({ ...about, task: 'livecell-wide' }, new Date(0))).toThrow(/in the future/);
  expect(() => requireDivisibleKind({ ...about, task: 'fluorescence-counts' }, later)).toThrow(/few wells/);
  expect(() => requireDivisibleKind({ ...about, task: 'zero-shot' }, later)).toThrow(/cannot be divided/);
});
