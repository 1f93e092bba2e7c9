/** Every task of the suite over HTTP: submitted with its slots, scored, stored, and read from its board. */

import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { strToU8, zipSync } from 'fflate';
import { beforeAll, describe, expect, test } from 'vitest';
import { giveUp } from '#app/_server/submissions.ts';
import { handleUpload } from '#app/_server/uploads.ts';
import { GET as board } from '#app/api/v1/leaderboards/[task]/route.ts';
import { GET as receipt } from '#app/api/v1/submissions/[id]/receipt/route.ts';
import { GET as read } from '#app/api/v1/submissions/[id]/route.ts';
import { POST as create } from '#app/api/v1/submissions/route.ts';
import { GET as tasks } from '#app/api/v1/tasks/route.ts';
import { getLeaderboard } from '#db/board/board.ts';
import { registerDataset } from '#db/datasets/datasets.ts';
import { parsePublishedResults, saveReferenceResults } from '#db/datasets/reference-results.ts';
import { approve } from '#db/submissions/moderation.ts';
import { rejectSubmission, saveReports, startScoring } from '#db/submissions/scoring.ts';
import { importGroundTruth } from '#lib/datasets/import-ground-truth.ts';
import { type Created, leaderboardSchema, receiptSchema, submissionSchema, taskListSchema } from '#lib/http/api.ts';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { storage } from '#lib/storage.ts';
import { TASKS } from '#lib/tasks/index.ts';
import type { Report } from '#lib/tasks/report.ts';
import { temporaryFolder } from '#tests/db/databases.ts';
import { type DemoData, writeDemoData } from '#workers/demo/data.ts';
import { packReferenceCounts } from '#workers/scoring/counts.ts';
import { buildJob } from '#workers/scoring/jobs/score.ts';
import scoreTask from '#workers/scoring/task.ts';
import { openSite, type Person, person, viewerNamed } from './site.ts';

openSite();

const dir = temporaryFolder();
let demo: DemoData;
let ada: Person;

beforeAll(async () => {
  ada = await person('ada');
  demo = await writeDemoData(dir, { imagesPerType: 1 });
  const packed = join(dir, 'packed');
  const { statistics: _, warnings: __, ...facts } = await importGroundTruth(demo.groundTruth, packed);
  for (const [name, task] of [
    ['test', 'livecell-wide'],
    ['EVICAN easy', 'zero-shot'],
  ]) {
    const { key: packKey } = await storage().put(`datasets/${task}`, createReadStream(packed));
    // public: a score that is not published is rounded otherwise
    await registerDataset({ name, task, packKey, public: true, ...facts });
  }
  const counts = await packReferenceCounts(
    (['A172', 'A549'] as const).map((slot) => ({ slot, path: demo.counts[slot].reference })),
  );
  const { text, ...numbers } = counts;
  const { key: packKey } = await storage().put('datasets/counts', Readable.from([Buffer.from(text)]));
  await registerDataset({ name: 'counts', task: 'fluorescence-counts', packKey, ...numbers });
  await saveReferenceResults(parsePublishedResults(readFileSync('db/datasets/published-results.csv', 'utf8')));
});

async function upload(content: Uint8Array): Promise<string> {
  const headers = {
    ...ada.bearer,
    'tus-resumable': '1.0.0',
    'upload-length': String(content.length),
    'upload-metadata': `filename ${Buffer.from('mine.json').toString('base64')}`,
    'content-type': 'application/offset+octet-stream',
  };
  const body = Buffer.from(content);
  const request = new Request('http://localhost/api/uploads', { method: 'POST', headers, body });
  return (await handleUpload(request)).headers.get('location')!;
}

async function post(task: string, files: Record<string, Uint8Array>, more: object = {}, file: object = {}) {
  const uploads = [];
  for (const [slot, content] of Object.entries(files)) uploads.push({ slot, upload: await upload(content), ...file });
  const body = JSON.stringify({ task, method: 'Mine', files: uploads, ...more });
  const response = await create(
    new Request('http://localhost/api/v1/submissions', { method: 'POST', headers: ada.bearer, body }),
    { params: Promise.resolve({}) },
  );
  return { status: response.status, body: await response.json() };
}

async function submitted(...call: Parameters<typeof post>): Promise<Created> {
  const { status, body } = await post(...call);
  expect(body).toMatchObject({ state: 'queued' });
  expect(status).toBe(201);
  return body as Created;
}

const get = (handler: typeof read, id: string) =>
  handler(new Request('http://localhost/x', { headers: ada.bearer }), { params: Promise.resolve({ id }) });

/** What a scoring process does, then what a maintainer does; returns what the API says of it. */
async function scored(id: string) {
  const input = (await startScoring(id, 1))!;
  const outcome = await scoreTask({ ...(await buildJob(input)), threads: 1, intervals: false });
  if (outcome.ok) await saveReports(id, outcome.reports);
  else await rejectSubmission(id, outcome.problems, outcome.warnings);
  return submissionSchema.parse(await (await get(read, id)).json());
}

const view = { protocol: 'livecell-paper', evaluation: 'segm' } as const;
const model = (i: number) => readFileSync(demo.predictions[i % 3].path);
const eight = () => Object.fromEntries(CELL_TYPES.map((type, i) => [type, model(i)]));

describe('transferability', () => {
  test('and single cell types are scored from the same eight files, and outlive each other', async () => {
    const { id, also } = await submitted('transferability', eight(), {
      also: ['single-cell-type'],
      visibility: 'pending',
    });
    expect(also).toMatchObject([{ task: 'single-cell-type', dataset: 'test' }]);
    const transfer = await scored(id);
    expect(transfer).toMatchObject({ state: 'scored', report: { task: 'transferability' } });
    expect(transfer.report!.predictions).toHaveLength(8);
    expect(receiptSchema.parse(await (await get(receipt, id)).json()).predictions).toHaveLength(8);

    await giveUp(await viewerNamed(ada), id);
    const single = await scored(also![0].id);
    expect(single).toMatchObject({ state: 'scored', report: { task: 'single-cell-type' } });
    await approve(single.id, null);
    const { rows } = await getLeaderboard({ task: 'single-cell-type', ...view });
    expect(rows.map(({ kind, rank }) => [kind, rank])).toEqual([
      ['entry', 1],
      ['reference', null],
      ['reference', null],
    ]);
    const { results } = single.report as Extract<Report, { task: 'single-cell-type' }>;
    expect(rows[0].values.AP).toBe(results.segm!.mean!.AP);
    expect(rows[0].values['AP-SkBr3']).toBe(results.segm!.cellTypes.SkBr3!.AP);
    const published = rows.find(({ method }) => method.startsWith('CenterMask2'))!;
    expect(published.values).toMatchObject({ AP: null, 'AP-SkBr3': 0.6585 });
  });

  test('needs all eight, each once and by its name, and goes nowhere else', async () => {
    // who leaves uploads lying about may not send more
    ada = await person('bea');
    const { A172: _, ...seven } = eight();
    const refusal = async (...call: Parameters<typeof post>) => (await post(...call)).body.fields;
    expect(await refusal('transferability', seven)).toMatchObject({
      files: expect.stringContaining('There is no file for slot A172.'),
    });
    expect(await refusal('transferability', { ...seven, B16: model(0) })).toMatchObject({
      'files.7.slot': expect.stringContaining('no slot “B16”'),
    });
    expect(await refusal('transferability', { ...seven, 'sk-ov-3': model(0) })).toMatchObject({
      'files.7.slot': 'Two files for the slot “SKOV3”.',
    });
    expect(await refusal('transferability', eight(), { also: ['training-size'] })).toMatchObject({
      also: 'The files of Transferability cannot be submitted to “training-size” as well.',
    });
    ada = await person('ada');
  });
});

test('training-size comes as one archive; a wrong one is rejected by member', async () => {
  const { id } = await submitted('training-size', { all: zipSync({ '2.json': model(2), '100.json': model(0) }) });
  const { report } = await scored(id);
  expect(report).toMatchObject({ task: 'training-size', predictions: [{ slot: '2' }, { slot: '100' }] });
  const wrong = zipSync({ '2.json': model(2), '99.json': model(0) });
  const { state, problems } = await scored((await submitted('training-size', { all: wrong })).id);
  expect(state).toBe('rejected');
  expect(problems.map(({ code }) => code)).toEqual(['zip-extra-member', 'too-few-slots']);
  expect((await post('training-size', { 2: model(0) })).body.fields.files).toContain('at least 2 of its slots');
});

test('fluorescence counts come as counts, or as predictions with a threshold', async () => {
  const counts = readFileSync(demo.counts.A172.predictions);
  const { id } = await submitted('fluorescence-counts', { A172: counts }, { visibility: 'pending' });
  const first = await scored(id);
  expect(first.report).toMatchObject({ results: { counts: { A172: { images: 240 } } } });
  await approve(id, null);

  const [image] = Object.keys(JSON.parse(counts.toString()));
  const detections = strToU8(JSON.stringify([{ image_id: image, score: 0.7, bbox: [0, 0, 2, 2] }]));
  const second = await submitted('fluorescence-counts', { a172: detections }, {}, { scoreThreshold: 0.6 });
  const { report } = await scored(second.id);
  expect(report).toMatchObject({
    predictions: [{ detections: 1 }],
    results: { counts: { A172: { scoreThreshold: 0.6 } } },
  });

  const { rows } = await getLeaderboard({
    task: 'fluorescence-counts',
    ...view,
    protocol: 'livecell-code',
    sort: TASKS['fluorescence-counts'].columns.find(({ key }) => key === 'r2-A549'),
  });
  const [entry] = rows.filter(({ kind }) => kind === 'entry');
  expect(entry).toMatchObject({ values: { 'r2-A172': expect.any(Number), 'r2-A549': null } });
  expect(JSON.stringify(entry)).not.toContain('points');
  expect(rows.filter(({ kind }) => kind === 'reference').map(({ values }) => values['r2-A549'])).toEqual([0.985, 0.98]);
});

test('an outside data set is a slot with a board of its own', async () => {
  const { id } = await submitted('zero-shot', { 'EVICAN easy': model(0) }, { visibility: 'pending' });
  expect((await scored(id)).report).toMatchObject({ task: 'zero-shot', predictions: [{ slot: 'EVICAN easy' }] });
  await approve(id, null);
  const { rows } = await getLeaderboard({ task: 'zero-shot', ...view, dataset: 'EVICAN easy' });
  expect(rows.map(({ kind, rank }) => [kind, rank])).toContainEqual(['entry', 1]);
  expect(rows.find(({ method }) => method === 'EVICAN paper Mask R-CNN')!.values.AP).toBe(0.246);
  expect((await post('zero-shot', { Cellpose: model(0) })).body.fields['files.0.slot']).toBe(
    'Outside data sets has no data set “Cellpose”: EVICAN easy.',
  );
});

test('all of them are told, with their slots', async () => {
  const response = await tasks(new Request('http://localhost/x'), { params: Promise.resolve({}) });
  const list = taskListSchema.parse(await response.json()).tasks;
  const of = Object.fromEntries(list.map((task) => [task.id, task]));
  expect(of.transferability).toMatchObject({ dataset: 'test', also: ['single-cell-type'], least: 8 });
  expect(of['training-size']).toMatchObject({ slots: ['2', '4', '5', '25', '50', '100'], required: [], least: 2 });
  expect(of['zero-shot'].slots).toEqual(['EVICAN easy']);
});

test('a board is read as JSON, CSV or BibTeX', async () => {
  const read = (search: string, task = 'fluorescence-counts') =>
    board(new Request(`http://localhost/x${search}`), { params: Promise.resolve({ task }) });
  const { rows, sort } = leaderboardSchema.parse(await (await read('')).json());
  expect(sort).toBe('r2-A172');
  expect(rows[0]).toMatchObject({ values: { 'r2-A172': expect.any(Number) } });
  const [head, ...lines] = (await (await read('?format=csv')).text()).trim().split('\r\n');
  expect(head).toMatch(
    /^rank,kind,method,submitter,.*,r2-A172,linearityLimit-A172,r2-A549,linearityLimit-A549,.*,source,url,rank_best,rank_worst,tier,exposure$/,
  );
  expect(lines).toHaveLength(rows.length);
  expect(await (await read('?format=bibtex')).text()).toMatch(/@misc[^@]*A172 R² 0\.942/);
  expect((await read('?sort=AP50')).status).toBe(400);
  expect((await read('?cellType=A172')).status).toBe(400);
  expect((await read('?dataset=test')).status).toBe(404);
  expect((await read('?sort=afnr-100', 'training-size')).status).toBe(200);
});
