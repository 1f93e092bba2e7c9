/**
 * The attack: one researcher sends in more than everybody else together, founds teams for more places, or submits and
 * withdraws, so that others wait and hidden scores are asked for without end.
 */

import { eq } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { db } from '#db/engine/client.ts';
import { createTeam, MOST_TEAMS } from '#db/people/teams.ts';
import { getQueueState } from '#db/queue/lines.ts';
import { chargePlace, getQuota } from '#db/quota/ledger.ts';
import { type Dataset, datasets, submissions } from '#db/schema.ts';
import { withdraw } from '#db/submissions/publication.ts';
import { createSubmission, getSubmission } from '#db/submissions/submissions.ts';
import { userHolder } from '#lib/quota.ts';
import { openSite, person } from '#tests/app/site.ts';
import { someDataset, someSubmission } from '#tests/db/fixtures.ts';

openSite();

let dataset: Dataset;
let demo: Dataset;
let count = 0;

beforeEach(async () => {
  await db().delete(submissions);
  await db().delete(datasets);
  dataset = await someDataset(db());
  demo = await someDataset(db(), { name: 'demo', sha256: 'd'.repeat(64), public: true, demo: true });
  process.env.LIVECELL_OPEN_JOBS = '4';
  process.env.LIVECELL_RUNS_PER_DAY = '12';
});
afterEach(() => {
  Object.assign(process.env, { LIVECELL_OPEN_JOBS: '0', LIVECELL_RUNS_PER_DAY: '0', LIVECELL_QUOTA: '0' });
});

const someone = () => person(`researcher${++count}`);
const submit = (userId: string, changes: { teamId?: string; datasetId?: string } = {}) =>
  createSubmission(someSubmission(dataset, { userId, method: `M${++count}`, ...changes }));

async function submitMany(n: number, userId: string, changes: Parameters<typeof submit>[1] = {}): Promise<number> {
  const outcomes = await Promise.allSettled(Array.from({ length: n }, () => submit(userId, changes)));
  return outcomes.filter(({ status }) => status === 'fulfilled').length;
}

describe('the queue', () => {
  test('takes no more than a few of one person at a time, however fast they come, practice or not', async () => {
    const mallory = await someone();
    expect(await submitMany(30, mallory.id, { datasetId: demo.id })).toBe(4);
    await expect(submit(mallory.id)).rejects.toMatchObject({ status: 429, message: /as many as may be open at once/ });
  });

  test('nor of one team, whoever of it submits', async () => {
    const [ada, ben] = [await someone(), await someone()];
    const { id: teamId } = await createTeam('Both', ada.id);
    expect(await submitMany(3, ada.id, { teamId })).toBe(3);
    expect(await submitMany(3, ben.id, { teamId })).toBe(1);
  });

  test('counts what was taken out again, so that submitting and withdrawing ends', async () => {
    const mallory = await someone();
    let taken = 0;
    for (let i = 0; i < 20; i++) {
      const made = await submit(mallory.id).catch(() => null);
      if (!made) break;
      taken++;
      await withdraw(made.id, mallory.id);
    }
    expect(taken).toBe(12);
    await expect(submit(mallory.id)).rejects.toMatchObject({ status: 429, message: /within a day/ });
  });

  test('lets people take turns, and practice comes after real ones', async () => {
    const [mallory, ada] = [await someone(), await someone()];
    for (let i = 0; i < 2; i++) await submit(mallory.id, { datasetId: demo.id });
    for (let i = 0; i < 2; i++) await submit(mallory.id);
    const first = await submit(ada.id);
    const second = await submit(ada.id);
    const { waiting } = await getQueueState();
    const owners = waiting.map(({ submission }) => submission);
    // Ada came last and is first: Mallory had four open already
    expect(owners.slice(0, 2).map(({ id }) => id)).toEqual([first.id, second.id]);
    expect(owners.slice(-2).map(({ datasetId }) => datasetId)).toEqual([demo.id, demo.id]);
    expect((await getSubmission(first.id))!.queuePosition).toBe(1);
    expect((await getSubmission(second.id))!.queuePosition).toBe(2);
  });
});

describe('places of the quota', () => {
  test('are a person’s, in however many teams', async () => {
    Object.assign(process.env, { LIVECELL_OPEN_JOBS: '0', LIVECELL_RUNS_PER_DAY: '0', LIVECELL_QUOTA: '5' });
    const mallory = await someone();
    let charged = 0;
    for (let team = 0; team < 3; team++) {
      const { id: teamId } = await createTeam(`Team ${team}`, mallory.id);
      for (let i = 0; i < 5; i++) {
        const made = await submit(mallory.id, { teamId }).catch((error) => {
          expect(error).toMatchObject({ code: 'quota' });
          return null;
        });
        if (!made) continue;
        await db().transaction((tx) => chargePlace(made.id, tx));
        await db().update(submissions).set({ state: 'scored' }).where(eq(submissions.id, made.id));
        charged++;
      }
    }
    expect(charged).toBe(5);
    await expect(submit(mallory.id)).rejects.toMatchObject({ code: 'quota' });
    expect(await getQuota(userHolder(mallory.id), 'livecell-wide')).toMatchObject({ charged: 5, left: 0 });
  });

  test('of a team are shared by whoever is in it', async () => {
    Object.assign(process.env, { LIVECELL_OPEN_JOBS: '0', LIVECELL_RUNS_PER_DAY: '0', LIVECELL_QUOTA: '5' });
    const [ada, ben] = [await someone(), await someone()];
    const { id: teamId } = await createTeam('Shared', ada.id);
    expect(await submitMany(4, ada.id, { teamId })).toBe(4);
    expect(await submitMany(4, ben.id, { teamId })).toBe(1);
    // Ben's other places are his own
    expect(await submitMany(9, ben.id)).toBe(4);
  });

  test('are not to be had by founding teams: there are few', async () => {
    const mallory = await someone();
    const outcomes = await Promise.allSettled(Array.from({ length: 40 }, (_, i) => createTeam(`T${i}`, mallory.id)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(MOST_TEAMS);
  });
});
