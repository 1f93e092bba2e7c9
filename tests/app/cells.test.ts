/**
 * Who gets which cells and files: nothing of an entry without its owner's consent, nothing of annotations that are not
 * public, in any role.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { GET as getTruth } from '#app/api/v1/datasets/[name]/cells/[image]/route.ts';
import { GET as getErrata } from '#app/api/v1/datasets/[name]/errata/route.ts';
import { GET as getCells } from '#app/api/v1/submissions/[id]/cells/[image]/route.ts';
import { GET as getFile } from '#app/api/v1/submissions/[id]/files/[slot]/route.ts';
import { decideLabelError, listLabelErrors, saveSuspects } from '#db/datasets/label-errors.ts';
import { db } from '#db/engine/client.ts';
import { type Dataset, datasets, outcomes, submissions } from '#db/schema.ts';
import { forgetCells } from '#db/submissions/cells.ts';
import { changeSharing } from '#db/submissions/publication.ts';
import { saveReports, startScoring } from '#db/submissions/scoring.ts';
import { createSubmission } from '#db/submissions/submissions.ts';
import { writeCells } from '#lib/cells-file.ts';
import { packDataset } from '#lib/coco/dataset.ts';
import { entryCellsSchema, truthCellsSchema } from '#lib/http/api.ts';
import { evaluate } from '#lib/scoring/evaluate.ts';
import { imageSlices } from '#lib/scoring/slices.ts';
import { storage } from '#lib/storage.ts';
import { fiveCells, pack, perfect } from '#tests/coco/documents.ts';
import { someDataset, someReports, someSubmission } from '#tests/db/fixtures.ts';
import { openSite, type Person, person } from './site.ts';

openSite();

const folder = mkdtempSync(join(tmpdir(), 'livecell-cells-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PREDICTIONS = JSON.stringify(perfect(fiveCells()));
let dataset: Dataset;
let id: string;
const people: Record<string, Person | null> = { stranger: null };

beforeAll(async () => {
  const { dataset: truth, predictions } = await pack(fiveCells(), perfect(fiveCells()));
  const { outcomes: made } = await evaluate(truth, predictions, {
    protocols: ['livecell-paper'],
    slices: imageSlices(truth.images.fileNames),
    intervals: false,
    outcomes: true,
  });
  dataset = await someDataset(db(), { packKey: 'datasets/cells.pack' });
  await storage().put('datasets/cells.pack', Readable.from([Buffer.from(packDataset(truth))]));
  for (const name of ['owner', 'other']) people[name] = await person(name);
  people.maintainer = await person('mo', 'maintainer');
  const {
    key: storageKey,
    bytes,
    sha256,
  } = await storage().put('submissions/cells/all.json', Readable.from([Buffer.from(PREDICTIONS)]));
  const files = [{ slot: 'all', fileName: 'secret-name.json', bytes, sha256, storageKey }];
  id = (await createSubmission(someSubmission(dataset, { userId: people.owner!.id, files }))).id;
  await startScoring(id, 1);
  await saveReports(id, someReports({}, dataset.sha256));
  const path = join(folder, 'cells');
  await writeCells({ outcomes: made!, predictions, images: truth.images }, path);
  await storage().adopt('cells/of-the-test.cells', path);
  await db()
    .insert(outcomes)
    .values({
      submissionId: id,
      evaluatorVersion: 'test',
      groundTruthSha256: dataset.sha256,
      evaluation: 'segm',
      sha256: 'c'.repeat(64),
      storageKey: 'outcomes/none.zst',
      cellsKey: 'cells/of-the-test.cells',
    });
});

const NOTHING = {
  licence: null,
  cellsShown: false,
  filesShared: false,
  anonymous: false,
  visibility: 'published',
} as const;
beforeEach(async () => {
  await db().update(submissions).set(NOTHING).where(eq(submissions.id, id));
  await db().update(datasets).set({ public: false }).where(eq(datasets.id, dataset.id));
});

type Get = (request: Request, context: never) => Promise<Response>;

/** The answers of a route by role: a status, and a body where there is one. */
async function ask(get: Get, params: Record<string, string>) {
  const answers: Record<string, { status: number; text: string; headers: Headers }> = {};
  for (const [role, who] of Object.entries(people)) {
    const request = new Request('http://localhost/x', { headers: who?.bearer });
    const response = await get(request, { params: Promise.resolve(params) } as never);
    answers[role] = { status: response.status, text: await response.text(), headers: response.headers };
  }
  return answers;
}
const statuses = (answers: Awaited<ReturnType<typeof ask>>) =>
  Object.fromEntries(Object.entries(answers).map(([role, { status }]) => [role, status]));
const CLOSED = { stranger: 404, other: 404, owner: 200, maintainer: 200 };
const OPEN = { stranger: 200, other: 200, owner: 200, maintainer: 200 };
const NOBODY = { stranger: 404, other: 404, owner: 404, maintainer: 404 };
const share = (what: Partial<typeof NOTHING | { cellsShown: boolean; filesShared: boolean; licence: string }>) =>
  db()
    .update(submissions)
    .set(what as never)
    .where(eq(submissions.id, id));
const cells = () => ask(getCells as Get, { id, image: '0' });

test('cells of a published entry are its owner’s alone until the owner agrees, and again afterwards', async () => {
  expect(statuses(await cells())).toEqual(CLOSED);
  await changeSharing(id, null, { cellsShown: true, filesShared: false });
  expect(statuses(await cells())).toEqual(OPEN);
  await share({ visibility: 'private' } as never);
  expect(statuses(await cells())).toEqual(CLOSED);
  await share({ visibility: 'published' });
  await changeSharing(id, null, { cellsShown: false, filesShared: false });
  expect(statuses(await cells())).toEqual(CLOSED);
});

test('on private ground truth nobody is told how the cells fared, not even their owner', async () => {
  await share({ cellsShown: true } as never);
  for (const { text } of Object.values(await cells())) {
    const body = entryCellsSchema.strict().parse(JSON.parse(text));
    expect(body).toMatchObject({ scoreThreshold: null, masks: expect.any(Array) });
    expect(body.masks).toHaveLength(3);
    expect(text).not.toMatch(/verdict|kind|iou|object/i);
  }
  expect(statuses(await ask(getTruth as Get, { name: dataset.name, image: '0' }))).toEqual(NOBODY);
  expect(statuses(await ask(getErrata as Get, { name: dataset.name }))).toEqual(NOBODY);
});

test('on public ground truth verdicts and annotated cells are there for all who may see the cells', async () => {
  await db().update(datasets).set({ public: true }).where(eq(datasets.id, dataset.id));
  await share({ cellsShown: true } as never);
  const found = await cells();
  expect(statuses(found)).toEqual(OPEN);
  expect(entryCellsSchema.strict().parse(JSON.parse(found.stranger.text)).verdicts).toMatchObject({
    object: [0, 1, 2],
  });
  const truth = await ask(getTruth as Get, { name: dataset.name, image: '1' });
  expect(statuses(truth)).toEqual(OPEN);
  expect(truthCellsSchema.strict().parse(JSON.parse(truth.other.text)).masks).toHaveLength(2);
  expect(statuses(await ask(getTruth as Get, { name: dataset.name, image: '2' }))).toEqual(NOBODY);
  // consent is asked of cells, whatever the ground truth is
  await share({ cellsShown: false } as never);
  expect(statuses(await cells())).toEqual(CLOSED);
});

test('files are sent with digest and licence where the owner offers them, and never while the entry is anonymous', async () => {
  const files = () => ask(getFile as Get, { id, slot: 'all' });
  expect(statuses(await files())).toEqual(CLOSED);
  await changeSharing(id, null, { cellsShown: false, filesShared: true, licence: 'CC-BY-4.0' });
  const { stranger, ...others } = await files();
  expect(statuses({ stranger, ...others })).toEqual(OPEN);
  expect(stranger.text).toBe(PREDICTIONS);
  expect(stranger.headers.get('link')).toBe('<https://creativecommons.org/licenses/by/4.0/>; rel="license"');
  expect(stranger.headers.get('repr-digest')).toMatch(/^sha-256=:.{44}:$/);
  expect([...stranger.headers].join()).not.toContain('secret-name');
  await share({ anonymous: true } as never);
  expect(statuses(await files())).toEqual(CLOSED);
  expect(statuses(await ask(getFile as Get, { id, slot: 'A172' }))).toEqual(NOBODY);
});

test('errata are what maintainers confirmed, of public ground truth', async () => {
  const found = {
    ...{ image: 0, fileName: 'A172.tif', kind: 'unannotated' as const, object: null, key: '0 at 1,1' },
    ...{
      box: [4, 5, 6, 7] as [number, number, number, number],
      agreement: 0.8,
      annotationIou: 0,
      entries: ['a', 'b', 'c'],
    },
  };
  const another = { ...found, key: '0 at 9,9' };
  await saveSuspects(dataset, [found, another]);
  const [one] = await listLabelErrors(dataset, 'open');
  await decideLabelError(one.id, people.maintainer!.id, { state: 'confirmed', note: 'A cell' });
  await db().update(datasets).set({ public: true }).where(eq(datasets.id, dataset.id));
  const { stranger } = await ask(getErrata as Get, { name: dataset.name });
  expect(JSON.parse(stranger.text).errata).toMatchObject([
    { box: [4, 5, 6, 7], note: 'A cell', entries: 3, current: true },
  ]);
  // looking again keeps what was decided, and forgets what is no longer found
  await saveSuspects(dataset, [found]);
  expect(await listLabelErrors(dataset, 'open')).toEqual([]);
  expect(await listLabelErrors(dataset, 'confirmed')).toHaveLength(1);
});

// the last one: it takes the cells away
test('cells go with the files they were read from', async () => {
  expect(await forgetCells(id)).toEqual(['cells/of-the-test.cells']);
  expect(statuses(await cells())).toEqual(NOBODY);
});
