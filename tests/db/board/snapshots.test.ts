/** Boards as they were, and every score that was shown. */
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { boardAnswer } from '#db/board/answer.ts';
import { listScoreChanges } from '#db/board/change-log.ts';
import { getSnapshot, listSnapshots, takeSnapshots } from '#db/board/snapshots.ts';
import { saveEvaluations } from '#db/board/values.ts';
import { type Client, connect } from '#db/engine/client.ts';
import { deleteAccount } from '#db/people/deletion.ts';
import { ensureUser } from '#db/people/users.ts';
import { boardSnapshots, type Dataset, rescores, submissions, type User } from '#db/schema.ts';
import { approve, hide } from '#db/submissions/moderation.ts';
import { withdraw } from '#db/submissions/publication.ts';
import { saveReports, startScoring } from '#db/submissions/scoring.ts';
import { createSubmission } from '#db/submissions/submissions.ts';
import { changesToCsv } from '#lib/board/changes-csv.ts';
import { digestOf } from '#lib/snapshots.ts';
import { headlineColumn } from '#lib/tasks/board-columns.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { ONE_ENGINE, type TestDatabase } from '#tests/db/databases.ts';
import { someDataset, someReports, someSubmission } from '#tests/db/fixtures.ts';

let database: TestDatabase;
let client: Client;
let dataset: Dataset;
let ada: User;
beforeAll(async () => {
  process.env.LIVECELL_QUOTA = '0';
  database = await ONE_ENGINE[0].open();
  client = connect(database.url);
  dataset = await someDataset(client.db);
  ada = await ensureUser({ email: 'ada@example.org', name: 'Ada' }, client.db);
});
afterAll(async () => {
  await client?.close();
  await database?.close();
});
const db = () => client.db;

async function entry(method: string, AP: number, userId: string | null = null): Promise<string> {
  const { id } = await createSubmission(someSubmission(dataset, { method, userId, visibility: 'pending' }), db());
  await startScoring(id, 1, db());
  await saveReports(id, someReports({ AP }), db());
  await approve(id, null, {}, db());
  return id;
}
const at = (text: string) => new Date(text);
const take = (text: string) => takeSnapshots(at(text), db());
const rowsOf = async (id: string) => (await getSnapshot(id, db()))!.content.boards[0].rows;

test('one is taken of each change, confirmed the next day, and stays as it was', async () => {
  expect(await take('2026-01-01T10:00:00Z')).toEqual([]); // no entry yet
  const first = await entry('First', 0.4, ada.id);
  const [one] = await take('2026-01-01T11:00:00Z');
  expect(one).toMatch(/^livecell-wide-2026-01-01-[0-9a-f]{12}$/);
  expect(await take('2026-01-01T12:00:00Z')).toEqual([]);
  expect(await take('2026-01-02T00:01:00Z')).toEqual([]);
  expect(await listSnapshots({}, db())).toMatchObject([
    { id: one, confirmedAt: at('2026-01-02T00:01:00Z'), entries: 1 },
  ]);

  const snapshot = (await getSnapshot(one, db()))!;
  expect(snapshot.newer).toBeNull();
  expect(await digestOf(snapshot.content)).toBe(snapshot.digest);
  // what the API answers, to the last digit
  const task = parseTask('livecell-wide')!;
  const { rows } = await boardAnswer(
    {
      ...{ task: task.id, dataset: dataset.name, protocol: 'livecell-paper', evaluation: 'segm', ranges: true },
      sort: headlineColumn(task),
    },
    db(),
  );
  expect(snapshot.content.boards[0].rows).toEqual(
    rows.map(({ metrics: _, ...row }) => JSON.parse(JSON.stringify(row))),
  );

  const second = await entry('Second', 0.6);
  const [two] = await take('2026-01-03T00:00:00Z');
  expect((await rowsOf(two)).map(({ id, rank }) => [id, rank]).filter(([, rank]) => rank)).toEqual([
    [second, 1],
    [first, 2],
  ]);
  expect(await getSnapshot(one, db())).toMatchObject({ newer: { id: two }, content: snapshot.content });
  expect(await listSnapshots({ after: two }, db())).toMatchObject([{ id: one }]);
  expect(await getSnapshot('none', db())).toBeNull();

  // as it was before, on a later day: another snapshot with the same digest
  await withdraw(second, null, {}, db());
  const [three] = await take('2026-01-04T00:00:00Z');
  expect((await getSnapshot(three, db()))!.digest).toBe(snapshot.digest);
  expect((await getSnapshot(two, db()))!.newer).toMatchObject({ id: three });
  // what was withdrawn keeps its name in what was cited
  expect((await rowsOf(two)).find(({ id }) => id === second)?.method).toBe('Second');
});

test('names of what is hidden or deleted are out at once, in the stored rows as well', async () => {
  const rude = await entry('Rude name', 0.7);
  const [id] = await take('2026-02-01T00:00:00Z');
  const stored = async () => JSON.stringify(await db().select().from(boardSnapshots));
  await hide(rude, null, 'It offends', db());
  expect(JSON.stringify(await getSnapshot(id, db()))).not.toContain('Rude name');
  expect(await stored()).toContain('Rude name');
  await take('2026-02-02T00:00:00Z');
  expect(await stored()).not.toContain('Rude name');
  const { redactions, digest, content } = (await getSnapshot(id, db()))!;
  expect(redactions).toEqual([{ entry: rude, at: '2026-02-02T00:00:00.000Z', reason: 'hidden' }]);
  expect(await digestOf(content)).not.toBe(digest);
  expect((await rowsOf(id)).find((row) => row.id === rude)).toMatchObject({ rank: 1, values: { AP: 0.7 } });

  await deleteAccount(ada.id, { entries: 'credited', creditedTo: 'Somebody once' }, db());
  await take('2026-02-03T00:00:00Z');
  expect(await stored()).not.toContain('"Ada"');
  expect(await stored()).toContain('Somebody once');
  await db().delete(submissions).where(eq(submissions.id, rude));
});

test('the log has old and new numbers with the reason, and no numbers of what is gone', async () => {
  const id = await entry('Scored twice', 0.5);
  const [again] = await db()
    .insert(rescores)
    .values({ datasetId: dataset.id, reason: 'Ties are broken otherwise', evaluatorVersion: '2' })
    .returning();
  await saveEvaluations(
    someReports({ AP: 0.55 }).map((report) => ({
      submissionId: id,
      protocol: report.protocol,
      evaluatorVersion: '2',
      groundTruthSha256: dataset.sha256,
      rescoreId: again.id,
      createdAt: at('2030-01-01T00:00:00Z'),
      report,
    })),
    db(),
  );
  const lines = (await listScoreChanges(db())).filter((line) => line.entry === id);
  expect(lines).toMatchObject([
    { reason: 'Ties are broken otherwise', evaluatorVersion: '2', gone: false },
    { reason: null, evaluatorVersion: 'test' },
  ]);
  const AP = lines.map(({ numbers }) => numbers.find(({ key }) => key === 'AP'));
  expect(AP).toMatchObject([
    { before: 0.5, after: 0.55 },
    { before: null, after: 0.5 },
  ]);
  expect(changesToCsv(lines).split('\r\n')[1]).toMatch(
    /,Scored twice,livecell-wide,test,AP,0\.5,0\.55,Ties are broken/,
  );
  // what a running re-score holds back is not shown yet
  await saveEvaluations(
    someReports({ AP: 0.9 }).map((report) => ({
      ...{ submissionId: id, protocol: report.protocol, evaluatorVersion: '3', groundTruthSha256: dataset.sha256 },
      pending: true,
      report,
    })),
    db(),
  );
  expect((await listScoreChanges(db())).filter((line) => line.entry === id)).toHaveLength(2);
  await withdraw(id, null, {}, db());
  const gone = (await listScoreChanges(db())).filter((line) => line.entry === id);
  expect(gone).toMatchObject([
    { gone: true, numbers: [] },
    { gone: true, numbers: [] },
  ]);
  expect(changesToCsv(gone)).toContain(',no\r\n');
});
