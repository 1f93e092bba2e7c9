/** Whom the inbox shows as probing: who is counted, for what, and from which runs; the limits are tested in tests/board. */
import { eq, sql } from 'drizzle-orm';
import { beforeAll, expect, test } from 'vitest';
import { listInbox } from '#db/board/inbox.ts';
import { listProbing } from '#db/board/probing.ts';
import { db } from '#db/engine/client.ts';
import { createTeam } from '#db/people/teams.ts';
import { type Dataset, submissions } from '#db/schema.ts';
import { requestPublication, withdraw } from '#db/submissions/publication.ts';
import { saveReports, startScoring } from '#db/submissions/scoring.ts';
import { createSubmission } from '#db/submissions/submissions.ts';
import { PROBING_LIMITS } from '#lib/board/probing.ts';
import { openSite, person } from '#tests/app/site.ts';
import { someDataset, someReports, someSubmission } from '#tests/db/fixtures.ts';

openSite();

let hidden: Dataset;
let open: Dataset;
let count = 0;
beforeAll(async () => {
  hidden = await someDataset(db());
  open = await someDataset(db(), { name: 'open', public: true, sha256: 'e'.repeat(64) });
});

/** A scored run; `detections` of the ten objects of the fixture, on so many of its two images. */
async function run(
  userId: string,
  { detections = 9, images = 2, teamId = null as string | null, on = hidden, AP = Math.random() } = {},
): Promise<string> {
  const { id } = await createSubmission(someSubmission(on, { userId, teamId, method: `M${++count}` }));
  await startScoring(id, 1);
  const apPerIou = Array.from({ length: 10 }, (_, k) => AP * (1 - k / 20));
  const reports = someReports({ AP, apPerIou }, on.sha256);
  for (const { predictions } of reports) Object.assign(predictions[0], { detections, images });
  await saveReports(id, reports);
  return id;
}

const casesOf = async (id: string) => (await listProbing()).filter(({ person }) => person.id === id);
const kindsOf = async (id: string) => (await casesOf(id)).flatMap(({ findings }) => findings.map(({ kind }) => kind));

test('attempts at the task are no case, a habit of empty files is one, on hidden ground truth alone', async () => {
  const { id: ada } = await person('ada');
  for (let i = 0; i < 4; i++) await run(ada);
  expect(await kindsOf(ada)).toEqual([]);

  const { id: mallory } = await person('mallory');
  for (let i = 0; i < PROBING_LIMITS.thinRuns - 1; i++) await run(mallory, { detections: 0 });
  expect(await kindsOf(mallory)).toEqual([]);
  for (let i = 0; i < PROBING_LIMITS.thinRuns; i++) await run(mallory, { detections: 0, on: open });
  expect(await kindsOf(mallory)).toEqual([]);
  await run(mallory, { detections: 0 });
  const [found] = await casesOf(mallory);
  expect(found).toMatchObject({ task: 'livecell-wide', dataset: { id: hidden.id }, runs: PROBING_LIMITS.thinRuns });
  expect(found.findings.map(({ kind }) => kind)).toEqual(['thin-files']);
});

test('withdrawing changes nothing, and old runs are forgotten', async () => {
  const { id } = await person('trudy');
  const runs = [];
  for (let i = 0; i < PROBING_LIMITS.thinRuns; i++) runs.push(await run(id, { detections: 0 }));
  await withdraw(runs[0], id);
  expect(await kindsOf(id)).toEqual(['thin-files']);
  await db().update(submissions).set({ createdAt: sql`now() - interval '31 days'` }).where(eq(submissions.id, runs[1]));
  expect(await kindsOf(id)).toEqual([]);
});

test('runs of teams count for who founded them, whoever sends them', async () => {
  const { id: founder } = await person('founder');
  const { id: friend } = await person('friend');
  const teams = [];
  for (let i = 0; i < 2; i++) teams.push((await createTeam(`Front ${i}`, founder)).id);
  for (const teamId of teams) for (let i = 0; i < 2; i++) await run(friend, { detections: 0, teamId });
  await run(founder);
  expect((await kindsOf(founder)).sort()).toEqual(['several-teams', 'thin-files']);
});

test('many runs that hardly differ are a case', async () => {
  const { id } = await person('walter');
  for (let i = 0; i < PROBING_LIMITS.nearlyEqual; i++) await run(id, { AP: 0.5 + i * 1e-5 });
  expect(await kindsOf(id)).toEqual(['nearly-equal-runs']);
  for (let i = 0; i < PROBING_LIMITS.runs; i++) await run(id);
  expect((await kindsOf(id)).sort()).toEqual(['many-runs', 'nearly-equal-runs']);
});

test('the inbox tells it beside an entry of that person, and not beside another’s', async () => {
  const { id: asker } = await person('asker');
  const { id: honest } = await person('honest');
  for (let i = 0; i < PROBING_LIMITS.thinRuns; i++) await run(asker, { detections: 0 });
  const [entry, other] = [await run(asker), await run(honest)];
  for (const [id, who] of [
    [entry, asker],
    [other, honest],
  ])
    await requestPublication(id, who);
  const inbox = await listInbox();
  const findingsOf = (id: string) => inbox.find(({ submission }) => submission.id === id)!.findings;
  expect(JSON.stringify(findingsOf(entry))).toContain('say too little to be attempts');
  expect(JSON.stringify(findingsOf(other))).not.toContain('say too little to be attempts');
});
