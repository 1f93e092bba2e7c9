/** Times of a submission, from the call that submits them to entry, table of images, board and export of an account. */
import { Readable } from 'node:stream';
import { beforeAll, expect, test } from 'vitest';
import { submit } from '#app/_server/submissions.ts';
import { GET as getBoard } from '#app/api/v1/leaderboards/[task]/route.ts';
import { GET as getImages } from '#app/api/v1/submissions/[id]/images/route.ts';
import { GET as getEntry } from '#app/api/v1/submissions/[id]/route.ts';
import { db } from '#db/engine/client.ts';
import { accountData } from '#db/people/export.ts';
import { setDatasetPublic } from '#db/rescore/ground-truth.ts';
import { type Dataset, outcomes, uploads } from '#db/schema.ts';
import { makeAnonymous } from '#db/submissions/anonymity.ts';
import { approve } from '#db/submissions/moderation.ts';
import { saveDetails } from '#db/submissions/outcomes.ts';
import { withdraw } from '#db/submissions/publication.ts';
import { saveReports, startScoring } from '#db/submissions/scoring.ts';
import { findTimes, forgetWithdrawnTimes } from '#db/submissions/times.ts';
import { packDataset } from '#lib/coco/dataset.ts';
import { leaderboardSchema, newSubmissionSchema, submissionSchema } from '#lib/http/api.ts';
import { ERROR_KINDS, type ErrorKind } from '#lib/scoring/error-kinds.ts';
import { storage } from '#lib/storage.ts';
import { fiveCells, pack, perfect } from '#tests/coco/documents.ts';
import { someDataset, someReports } from '#tests/db/fixtures.ts';
import { openSite, type Person, person, viewerNamed } from './site.ts';

openSite();

let ada: Person;
let maintainer: Person;
let dataset: Dataset;
let names: readonly string[];

beforeAll(async () => {
  ada = await person('ada');
  maintainer = await person('mo', 'maintainer');
  const { dataset: truth } = await pack(fiveCells(), perfect(fiveCells()));
  names = truth.images.fileNames;
  dataset = await someDataset(db(), { packKey: 'datasets/times.pack', public: true, images: names.length });
  await storage().put('datasets/times.pack', Readable.from([Buffer.from(packDataset(truth))]));
});

let uploaded = 0;
async function asked(more: object) {
  const upload = `times-${++uploaded}`;
  const stored = await storage().put(`uploads/${upload}`, Readable.from([Buffer.from('[]')]));
  await db().insert(uploads).values({
    id: upload,
    userId: ada.id,
    fileName: 'all.json',
    bytes: stored.bytes,
    sha256: stored.sha256,
    storageKey: stored.key,
    completedAt: new Date(),
  });
  const input = { task: 'livecell-wide', method: 'Timed', files: [{ upload }], visibility: 'pending', ...more };
  return submit(await viewerNamed(ada), newSubmissionSchema.parse(input));
}

/** 100 ms for an image, and 2 ms for each of its cells: 10, 20, 30 … */
const cellsOf = (image: number) => 10 * (image + 1);
const secondsOf = (image: number) => 0.1 + 0.002 * cellsOf(image);
const table = () => `image,seconds\n${names.map((name, i) => `${name},${secondsOf(i)}`).join('\n')}\n`;
const times = () => ({ hardware: '1 × A100, batch size 1', csv: table() });

async function scored(id: string): Promise<void> {
  await startScoring(id, 1);
  await saveReports(id, someReports({}, dataset.sha256));
  const [{ id: row }] = await db()
    .insert(outcomes)
    .values({
      submissionId: id,
      evaluatorVersion: 'test',
      groundTruthSha256: dataset.sha256,
      evaluation: 'segm',
      sha256: 'c'.repeat(64),
      storageKey: `outcomes/${id}/none.zst`,
    })
    .returning({ id: outcomes.id });
  const errors = Object.fromEntries(ERROR_KINDS.map((kind) => [kind, 0])) as Record<ErrorKind, number>;
  const images = names.map((name, image) => ({
    image,
    name,
    AP: 0.5,
    objects: cellsOf(image),
    // half as many: the slope against detections is twice as steep
    detections: cellsOf(image) / 2,
    allDetections: 99,
    errors,
  }));
  await saveDetails(row, { slices: null, curves: null, images, quality: [], costs: null });
}

const get = async (handler: typeof getEntry, params: Record<string, string>, search = '', who: Person | null = null) =>
  handler(new Request(`http://localhost/x${search}`, { headers: who?.bearer }), { params: Promise.resolve(params) });

async function onBoard(id: string) {
  const answer = await get(getBoard as typeof getEntry, { task: 'livecell-wide' }, '?columns=time');
  const { rows } = leaderboardSchema.parse(await answer.json());
  return rows.find((row) => row.id === id)!.values!;
}
const told = async (id: string, who: Person | null = null) =>
  submissionSchema.parse(await (await get(getEntry, { id }, '', who)).json()).timing;

test('times go from the call that submits them to the entry, its images, the board and the account', async () => {
  expect(names.length).toBeGreaterThan(1);
  const { id } = await asked({ times: times() });
  expect((await findTimes(id))?.times).toEqual(names.map((image, i) => ({ image, seconds: secondsOf(i) })));
  expect(await told(id, ada)).toBeNull(); // nothing is counted yet
  await scored(id);
  await approve(id, maintainer.id);

  const line = await told(id);
  expect(line).toMatchObject({ hardware: '1 × A100, batch size 1', counts: 'annotated', images: names.length });
  expect(line!.msPer100Cells).toBeCloseTo(200, 9);
  expect(line!.secondsWithoutCells).toBeCloseTo(0.1, 12);
  const columns = await onBoard(id);
  expect(columns.msPer100Cells).toBe(line!.msPer100Cells);
  expect(columns.secondsPerImage).toBe(line!.secondsPerImage);
  const images = await (await get(getImages as typeof getEntry, { id })).json();
  expect(images.images.map(({ seconds }: { seconds: number }) => seconds)).toEqual(names.map((_, i) => secondsOf(i)));
  const [own] = (await accountData(ada.id))!.submissions.filter((one) => one.id === id);
  expect(own.processingTimes).toMatchObject({ hardware: '1 × A100, batch size 1' });

  // against a private truth, whoever chooses the times could read its counts from the line
  const why = { actorId: null, reason: 'For a while' };
  await setDatasetPublic(dataset.id, false, why);
  const detected = await told(id);
  expect(detected).toMatchObject({ counts: 'detected' });
  expect(detected!.msPer100Cells).toBeCloseTo(400, 9);
  expect((await onBoard(id)).msPer100Cells).toBe(detected!.msPer100Cells);
  await setDatasetPublic(dataset.id, true, why);
  expect((await onBoard(id)).msPer100Cells).toBe(line!.msPer100Cells);
});

test('what an anonymous entry was measured on is its owner’s secret', async () => {
  const { id } = await asked({ method: 'Sealed', times: { ...times(), hardware: 'the Lovelace cluster' } });
  await scored(id);
  await makeAnonymous(id, ada.id, null);
  await approve(id, maintainer.id);
  expect(await told(id)).toMatchObject({ hardware: null, counts: 'annotated' });
  expect(await told(id, ada)).toMatchObject({ hardware: 'the Lovelace cluster' });
});

test('the times of a withdrawn submission are deleted', async () => {
  const { id } = await asked({ method: 'Withdrawn', times: times() });
  const { id: kept } = await asked({ method: 'Kept', times: times() });
  await withdraw(id, ada.id);
  await forgetWithdrawnTimes();
  expect(await findTimes(id)).toBeNull();
  expect(await findTimes(kept)).not.toBeNull();
});

test('a wrong table creates nothing, and names its lines', async () => {
  const wrong = table().replace(`${names[1]},`, `${names[1]},about `);
  const refused = asked({ method: 'Wrong', times: { ...times(), csv: wrong } });
  await expect(refused).rejects.toMatchObject({
    fields: { 'times.csv': expect.stringMatching(/^Line 3, image “.*” is not a number/) },
  });
  await expect(asked({ task: 'single-cell-type', times: times() })).rejects.toThrow();
  expect(
    newSubmissionSchema.safeParse({ task: 't', method: 'm', files: [{ upload: 'x' }], times: { csv: 'x' } }).success,
  ).toBe(false);
  expect(
    newSubmissionSchema.safeParse({
      task: 't',
      method: 'm',
      files: [{ upload: 'x' }],
      times: { ...times(), hardware: ' ' },
    }).success,
  ).toBe(false);
});
