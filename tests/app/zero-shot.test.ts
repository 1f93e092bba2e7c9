/** Several outside data sets in one submission, and detections of every category: over HTTP, scored, on the boards. */

import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { beforeAll, expect, test } from 'vitest';
import { handleUpload } from '#app/_server/uploads.ts';
import { GET as read } from '#app/api/v1/submissions/[id]/route.ts';
import { POST as create } from '#app/api/v1/submissions/route.ts';
import { getLeaderboard } from '#db/board/board.ts';
import { registerDataset } from '#db/datasets/datasets.ts';
import { approve } from '#db/submissions/moderation.ts';
import { rejectSubmission, saveReports, startScoring } from '#db/submissions/scoring.ts';
import { importGroundTruth } from '#lib/datasets/import-ground-truth.ts';
import { submissionSchema } from '#lib/http/api.ts';
import { storage } from '#lib/storage.ts';
import { TASKS } from '#lib/tasks/index.ts';
import type { ReportOf } from '#lib/tasks/report.ts';
import { temporaryFolder } from '#tests/db/databases.ts';
import { type DemoData, writeDemoData } from '#workers/demo/data.ts';
import { buildJob, keptReports } from '#workers/scoring/jobs/score.ts';
import scoreTask from '#workers/scoring/task.ts';
import { openSite, type Person, person } from './site.ts';

openSite();

const dir = temporaryFolder();
/** two data sets of different cells, and files for each */
const data = {} as Record<'EVICAN easy' | 'Cellpose', DemoData>;
const sha256 = {} as Record<keyof typeof data, string>;
let ada: Person;

beforeAll(async () => {
  ada = await person('ada');
  for (const [seed, name] of (['EVICAN easy', 'Cellpose'] as const).entries()) {
    data[name] = await writeDemoData(join(dir, String(seed)), { imagesPerType: 1, seed: seed + 1 });
    const packed = join(dir, `${seed}.packed`);
    const { statistics: _, warnings: __, ...facts } = await importGroundTruth(data[name].groundTruth, packed);
    sha256[name] = facts.sha256;
    for (const [task, prefix] of [
      ['zero-shot', ''],
      ['livecell-wide', 'wide '],
    ]) {
      const { key: packKey } = await storage().put(`datasets/${task}-${seed}`, createReadStream(packed));
      await registerDataset({ name: prefix + name, task, packKey, public: true, ...facts });
    }
  }
});

const model = (name: keyof typeof data, i = 0) => readFileSync(data[name].predictions[i].path);

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

async function post(task: string, given: [slot: string, content: Uint8Array][], more: object = {}) {
  const files = [];
  for (const [slot, content] of given) files.push({ slot, upload: await upload(content) });
  const body = JSON.stringify({ task, method: 'Mine', files, ...more });
  const request = new Request('http://localhost/api/v1/submissions', { method: 'POST', headers: ada.bearer, body });
  return (await create(request, { params: Promise.resolve({}) })).json();
}

/** What a scoring process does; returns what the API says of it. */
async function scored(id: string) {
  const input = (await startScoring(id, 1))!;
  const outcome = await scoreTask({
    ...(await buildJob(input)),
    threads: 1,
    intervals: false,
    errors: false,
  });
  if (outcome.ok) await saveReports(id, keptReports(input, outcome.reports));
  else await rejectSubmission(id, outcome.problems, outcome.warnings);
  const params = Promise.resolve({ id });
  const response = await read(new Request('http://localhost/x', { headers: ada.bearer }), { params });
  return submissionSchema.parse(await response.json());
}

const view = { protocol: 'livecell-paper', evaluation: 'segm' } as const;
const entriesOf = async (dataset: string) =>
  (await getLeaderboard({ task: 'zero-shot', ...view, dataset })).rows.filter(({ kind }) => kind === 'entry');

test('one submission for two data sets has results on both, and a place on each board', async () => {
  const { id, also } = await post(
    'zero-shot',
    [
      ['evican-easy', model('EVICAN easy')],
      ['Cellpose', model('Cellpose', 1)],
    ],
    { visibility: 'pending' },
  );
  expect(also).toBeUndefined();
  const { report, dataset } = await scored(id);
  expect(dataset).toBe('Cellpose'); // the newest
  const { results, groundTruth, predictions } = report as ReportOf<'zero-shot'>;
  expect(predictions.map(({ slot }) => slot)).toEqual(['Cellpose', 'EVICAN easy']);
  expect(groundTruth.datasets).toMatchObject({
    'EVICAN easy': { sha256: sha256['EVICAN easy'], images: 8 },
    Cellpose: { sha256: sha256.Cellpose, images: 8 },
  });
  expect(groundTruth.images).toBe(16);
  await approve(id, null);
  for (const name of ['EVICAN easy', 'Cellpose']) {
    const [entry, ...others] = await entriesOf(name);
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ id, rank: 1, values: { AP: results.datasets[name].segm!.overall.AP } });
    expect(TASKS['zero-shot'].on!(results, name)).toEqual({ datasets: { [name]: results.datasets[name] } });
  }
  expect(results.datasets.Cellpose.segm!.overall.AP).not.toBe(results.datasets['EVICAN easy'].segm!.overall.AP);
});

test('one archive named by data set does the same; a file for none is for the chosen data set', async () => {
  const archive = zipSync({ 'EVICAN easy.json': model('EVICAN easy'), 'cellpose.json': model('Cellpose') });
  const both = await scored((await post('zero-shot', [['all', archive]])).id);
  expect(Object.keys((both.report as ReportOf<'zero-shot'>).results.datasets)).toEqual(['Cellpose', 'EVICAN easy']);

  const { id } = await post('zero-shot', [['all', model('EVICAN easy', 1)]], {
    dataset: 'EVICAN easy',
    visibility: 'pending',
    method: 'Another',
  });
  const { report } = await scored(id);
  expect(report!.predictions).toMatchObject([{ slot: 'EVICAN easy' }]);
  await approve(id, null);
  expect((await entriesOf('EVICAN easy')).map((entry) => entry.rank)).toEqual([1, 2]);
  // what has no result on a data set is not on its board
  expect(await entriesOf('Cellpose')).toHaveLength(1);
});

test('a wrong file is said by data set, a wrong slot at once', async () => {
  const swapped = await post('zero-shot', [
    ['EVICAN easy', model('EVICAN easy')],
    ['Cellpose', zipSync({ 'counts.csv': Buffer.from('image,count\na.tif,3\n') })],
  ]);
  const { state, problems } = await scored(swapped.id);
  expect(state).toBe('rejected');
  expect(problems.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^Slot Cellpose, “mine.json”: The file holds a count per image/),
  ]);
  const fields = async (...call: Parameters<typeof post>) => (await post(...call)).fields;
  expect(
    await fields('zero-shot', [
      ['Cellpose', model('Cellpose')],
      ['Omnipose', model('Cellpose')],
    ]),
  ).toEqual({
    'files.1.slot': expect.stringMatching(/^Outside data sets has no data set “Omnipose”: (Cellpose|EVICAN easy), /),
  });
  expect(
    await fields('zero-shot', [
      ['Cellpose', model('Cellpose')],
      ['cell-pose', model('Cellpose')],
    ]),
  ).toEqual({ 'files.1.slot': 'Two files for the data set “Cellpose”.' });
  const upload = { slot: 'all', upload: 'any', scoreThreshold: 0.5 };
  expect(await fields('livecell-wide', [], { files: [upload] })).toEqual({
    'files.0.scoreThreshold': 'LIVECell-wide is scored with all detections.',
  });
});

test('detections of every category are counted where that was asked for, and the report says so', async () => {
  ada = await person('bea'); // who leaves uploads lying about may not send more
  const detections = JSON.parse(model('Cellpose').toString()) as object[];
  const from0 = Buffer.from(JSON.stringify(detections.map((detection) => ({ ...detection, category_id: 0 }))));
  const send = async (content: Uint8Array, more: object) =>
    scored((await post('livecell-wide', [['all', content]], { dataset: 'wide Cellpose', ...more })).id);

  const refused = await send(from0, {});
  expect(refused).toMatchObject({ state: 'rejected', anyCategory: false });
  expect(refused.problems[0].message).toContain('ask to count detections of every category as cells');

  const counted = await send(from0, { anyCategory: true });
  const plain = await send(model('Cellpose'), {});
  expect(counted).toMatchObject({ state: 'scored', anyCategory: true });
  expect(counted.report!.results).toEqual(plain.report!.results);
  expect(counted.report!.predictions).toMatchObject([{ anyCategory: true }]);
  expect(counted.warnings).toContainEqual(expect.objectContaining({ code: 'category-counted-as-cell' }));
});
