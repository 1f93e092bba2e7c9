/** Ground truth that a maintainer sends in over the site, and what the API says of scores old and new. */
import { beforeAll, describe, expect, it } from 'vitest';
import { mustManageGroundTruth, sendIn } from '#app/_server/ground-truth.ts';
import type { InvalidFields } from '#app/_server/http.ts';
import { GET as submissionRoute } from '#app/api/v1/submissions/[id]/route.ts';
import { db } from '#db/engine/client.ts';
import { switchWithout } from '#db/rescore/decide.ts';
import { listImports, replaceGroundTruth } from '#db/rescore/ground-truth.ts';
import { failRescoreItem, saveRescore } from '#db/rescore/score.ts';
import type { Dataset } from '#db/schema.ts';
import { approve } from '#db/submissions/moderation.ts';
import { saveReports, startScoring } from '#db/submissions/scoring.ts';
import { createSubmission } from '#db/submissions/submissions.ts';
import { completeUpload, createUpload, getUpload } from '#db/submissions/uploads.ts';
import { type SubmissionBody, submissionSchema } from '#lib/http/api.ts';
import { EVALUATOR_VERSION } from '#lib/scoring/version.ts';
import { someDataset, someReports, someSubmission } from '#tests/db/fixtures.ts';
import { openSite, type Person, person, viewerNamed } from './site.ts';

openSite();

let dataset: Dataset;
let ada: Person;
let mina: Person;
beforeAll(async () => {
  dataset = await someDataset(db(), { name: 'sent' });
  ada = await person('ada');
  mina = await person('mina', 'maintainer');
});

async function uploaded(who: Person, complete = true): Promise<string> {
  const id = crypto.randomUUID();
  await createUpload({ id, userId: who.id, fileName: 'gt.json', bytes: 3, storageKey: `uploads/${id}` });
  if (complete) await completeUpload(id, 'c'.repeat(64));
  return id;
}
const input = { name: 'new', task: 'livecell-wide' };

describe('an upload of ground truth', () => {
  it('becomes an import, once', async () => {
    const who = await viewerNamed(mina);
    const upload = await uploaded(mina);
    const { id } = await sendIn(who, { ...input, note: 'First' }, { '': upload });
    expect(await getUpload(upload)).toBeNull();
    expect(await listImports()).toMatchObject([
      { id, state: 'waiting', by: 'mina', files: [{ slot: '', fileName: 'gt.json', storageKey: `uploads/${upload}` }] },
    ]);
    await expect(sendIn(who, input, { '': upload })).rejects.toMatchObject({
      fields: { upload: 'There is no such upload. Upload the file again.' },
    } satisfies Partial<InvalidFields>);
  });

  it('keeps the category that was chosen', async () => {
    const { files } = await sendIn(
      await viewerNamed(mina),
      { ...input, name: 'nuclei' },
      { '': await uploaded(mina) },
      'nucleus',
    );
    expect(files).toMatchObject([{ slot: '', category: 'nucleus' }]);
  });

  it('has to be complete, and of whoever sends it; refused, it is still there', async () => {
    const who = await viewerNamed(mina);
    await expect(sendIn(who, input, {})).rejects.toMatchObject({ fields: { upload: 'Upload a file first.' } });
    await expect(sendIn(who, input, { '': await uploaded(ada) })).rejects.toMatchObject({
      fields: { upload: 'There is no such upload. Upload the file again.' },
    });
    await expect(sendIn(who, input, { '': await uploaded(mina, false) })).rejects.toMatchObject({
      fields: { upload: 'This upload is not complete yet.' },
    });
    const upload = await uploaded(mina);
    await expect(sendIn(who, { ...input, name: dataset.name }, { '': upload })).rejects.toThrow(
      'There is ground truth named “sent” already.',
    );
    expect(await getUpload(upload)).not.toBeNull();
  });

  it('of counts is a file per cell type', async () => {
    const upload = await uploaded(mina);
    const task = 'fluorescence-counts';
    const { files } = await sendIn(await viewerNamed(mina), { name: 'counts', task }, { A549: upload, other: 'x' });
    expect(files).toMatchObject([{ slot: 'A549', storageKey: `uploads/${upload}` }]);
  });

  it('is the maintainers’ business', async () => {
    const researcher = await viewerNamed(ada);
    expect(() => mustManageGroundTruth(researcher)).toThrow('Only maintainers keep ground truth.');
    expect(() => mustManageGroundTruth(null)).toThrow('Only maintainers keep ground truth.');
  });
});

describe('the API', () => {
  const ask = async (id: string, headers: HeadersInit = {}): Promise<SubmissionBody> => {
    const request = new Request(`http://localhost/api/v1/submissions/${id}`, { headers });
    return submissionSchema.parse(await (await submissionRoute(request, { params: Promise.resolve({ id }) })).json());
  };

  it('gives every score a submission has had, and says which counts and why there is another', async () => {
    const entry = async (method: string) => {
      const { id } = await createSubmission(someSubmission(dataset, { method, userId: ada.id, visibility: 'pending' }));
      await startScoring(id, 1);
      await saveReports(id, someReports({ AP: 0.4 }));
      await approve(id, null);
      return id;
    };
    const [good, odd] = [await entry('Good'), await entry('Odd')];
    const sha256 = 'd'.repeat(64);
    const facts = { sha256, images: 2, objects: 9, cellTypes: {}, packKey: 'datasets/d', statistics: null };
    const { rescore } = await replaceGroundTruth(dataset.id, { facts, note: 'One outline mended' }, mina.id);
    const reports = someReports({ AP: 0.39 }, sha256).map((report) => ({
      ...report,
      evaluator: { ...report.evaluator, version: EVALUATOR_VERSION },
    }));
    await saveRescore(rescore.id, good, reports);
    const before = await ask(good);
    expect(before.evaluations).toHaveLength(3);
    expect(before.report).toMatchObject({ groundTruth: { sha256: dataset.sha256 } });
    await failRescoreItem(rescore.id, odd, 'Image “ada-secret.tif” is not in the ground truth.');
    await switchWithout(rescore.id, mina.id);

    const after = await ask(good);
    expect(after.report).toMatchObject({ groundTruth: { sha256 } });
    expect(after.leftBehind).toBe(false);
    const primary = after.evaluations!.filter(({ protocol }) => protocol === 'livecell-paper');
    expect(primary).toMatchObject([
      {
        current: true,
        reason: 'One outline mended',
        numbers: { AP: 0.39 },
        groundTruth: { sha256, version: 2 },
        evaluator: { version: EVALUATOR_VERSION },
      },
      { current: false, reason: null, numbers: { AP: 0.4 }, groundTruth: { sha256: dataset.sha256, version: 1 } },
    ]);
    // that it was left behind is for everybody; what was wrong with its file is not
    const left = await ask(odd);
    expect(left).toMatchObject({ leftBehind: true, report: { groundTruth: { sha256: dataset.sha256 } } });
    expect(JSON.stringify(left)).not.toContain('ada-secret');
  });
});
