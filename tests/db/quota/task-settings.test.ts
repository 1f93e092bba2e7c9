import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getLeaderboard } from '#db/board/board.ts';
import { type Client, connect } from '#db/engine/client.ts';
import { announce, currentAnnouncements, endAnnouncement, listAnnouncements } from '#db/notices/announcements.ts';
import { listNotices } from '#db/notices/notices.ts';
import { ensureUser } from '#db/people/users.ts';
import { getTaskRules, listTaskRules, type NewTaskSettings, saveTaskSettings } from '#db/quota/task-settings.ts';
import type { Dataset } from '#db/schema.ts';
import { listBaselines, setFeatured } from '#db/submissions/baselines.ts';
import { approve } from '#db/submissions/moderation.ts';
import { saveReports, startScoring } from '#db/submissions/scoring.ts';
import { createSubmission } from '#db/submissions/submissions.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import { ONE_ENGINE, type TestDatabase } from '#tests/db/databases.ts';
import { someDataset, someReports, someSubmission } from '#tests/db/fixtures.ts';
import { listRecentEvents } from '../recent-events.ts';

const TASK = 'livecell-wide';
const HOUR = 3600_000;
const DEFAULTS: NewTaskSettings = { open: true, closedReason: null, quota: null, quotaDays: null, maxBytes: null };

describe.each(ONE_ENGINE)('what maintainers set on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  let database: TestDatabase;
  let client: Client;
  let dataset: Dataset;
  let ada: string;
  let mo: string;
  beforeAll(async () => {
    database = await open();
    client = connect(database.url);
    dataset = await someDataset(client.db);
    ({ id: ada } = await ensureUser({ email: 'ada@example.org', name: 'Ada' }, client.db));
    ({ id: mo } = await ensureUser({ email: 'mo@example.org', name: 'Mo', role: 'maintainer' }, client.db));
  });
  afterAll(async () => {
    await client.close();
    await database.close();
  });

  const set = (changes: Partial<NewTaskSettings>) => saveTaskSettings(TASK, { ...DEFAULTS, ...changes }, mo, client.db);
  const lastEvent = async () => (await listRecentEvents(1, client.db))[0];
  const fromNow = (hours: number) => new Date(Date.now() + hours * HOUR);

  test('a task nobody has set anything for has the site’s defaults', async () => {
    expect(await getTaskRules(TASK, client.db)).toEqual({
      open: true,
      closedReason: null,
      quota: { limit: 5, days: 7 },
      maxBytes: LIMITS.bytes,
    });
    expect((await listTaskRules(client.db))['zero-shot'].quota).toEqual({ limit: 5, days: 7 });
  });

  test('settings are kept, with what they were before in the audit log', async () => {
    await set({
      open: false,
      closedReason: ' The test set is being corrected. ',
      quota: 9,
      quotaDays: 3,
      maxBytes: 1000,
    });
    expect(await getTaskRules(TASK, client.db)).toEqual({
      open: false,
      closedReason: 'The test set is being corrected.',
      quota: { limit: 9, days: 3 },
      maxBytes: 1000,
    });
    expect(await lastEvent()).toMatchObject({
      actorId: mo,
      event: {
        kind: 'task-settings-changed',
        before: DEFAULTS,
        after: {
          open: false,
          closedReason: 'The test set is being corrected.',
          quota: 9,
          quotaDays: 3,
          maxBytes: 1000,
        },
      },
    });
    await set({});
    expect(await getTaskRules(TASK, client.db)).toMatchObject({ open: true, quota: { limit: 5, days: 7 } });
    const { id } = await lastEvent();
    await set({}); // nothing changes, nothing is recorded
    expect((await lastEvent()).id).toBe(id);
  });

  test('closing needs a reason, a task must exist, and no limit is above the site’s', async () => {
    await expect(set({ open: false, closedReason: ' ' })).rejects.toMatchObject({ code: 'invalid' });
    await expect(saveTaskSettings('nope', DEFAULTS, null, client.db)).rejects.toMatchObject({ code: 'invalid' });
    await set({ maxBytes: LIMITS.bytes * 2 });
    expect((await getTaskRules(TASK, client.db)).maxBytes).toBe(LIMITS.bytes);
    await set({});
  });

  test('a banner stands between its dates, and is taken down before', async () => {
    const dates = { startsAt: fromNow(-1), endsAt: fromNow(1) };
    const now = await announce({ task: null, text: 'Now', ...dates }, mo, client.db);
    await announce({ task: TASK, text: 'Later', startsAt: fromNow(1), endsAt: fromNow(2) }, mo, client.db);
    await announce({ task: TASK, text: 'Over', startsAt: fromNow(-2), endsAt: fromNow(-1) }, mo, client.db);
    expect((await currentAnnouncements(client.db)).map(({ text }) => text)).toEqual(['Now']);
    expect((await listAnnouncements({}, client.db)).map(({ text }) => text)).toEqual(['Later', 'Now', 'Over']);
    await endAnnouncement(now.id, mo, client.db);
    expect(await currentAnnouncements(client.db)).toEqual([]);
    expect((await lastEvent()).event).toMatchObject({ kind: 'announcement-ended', before: dates.endsAt.toISOString() });
    await expect(endAnnouncement(now.id, mo, client.db)).rejects.toMatchObject({ code: 'conflict' });
    // nobody was told, because nobody asked for it
    expect(await listNotices(ada, {}, client.db)).toEqual([]);
  });

  test('everybody is told where that was asked for', async () => {
    const dates = { startsAt: fromNow(0), endsAt: fromNow(1) };
    await announce({ task: TASK, text: 'We move.', ...dates, tellEverybody: true }, mo, client.db);
    expect(await listNotices(ada, {}, client.db)).toMatchObject([
      { kind: 'announcement', text: 'We move.', link: `/leaderboards/${TASK}` },
    ]);
  });

  test.each([
    ['no text', { text: ' ' }],
    ['an end before its beginning', { endsAt: new Date(0) }],
    ['a task that is none', { task: 'nope' }],
  ])('an announcement with %s is refused', async (_, changes) => {
    const input = { task: null, text: 'x', startsAt: fromNow(0), endsAt: fromNow(1), ...changes };
    await expect(announce(input, mo, client.db)).rejects.toMatchObject({ code: 'invalid' });
  });

  test('a baseline is marked on the board, by decision, with a record; only what is public can be', async () => {
    const { id } = await createSubmission(someSubmission(dataset, { visibility: 'pending' }), client.db);
    await expect(setFeatured(id, true, mo, client.db)).rejects.toMatchObject({ code: 'conflict' });
    await startScoring(id, 1, client.db);
    await saveReports(id, someReports(), client.db);
    await approve(id, mo, {}, client.db);
    const marked = async () => {
      const { rows } = await getLeaderboard({ task: TASK, protocol: 'livecell-paper', evaluation: 'segm' }, client.db);
      return rows.find((row) => row.id === id)?.featured;
    };
    expect(await marked()).toBe(false);
    await setFeatured(id, true, mo, client.db);
    expect(await marked()).toBe(true);
    expect((await lastEvent()).event).toMatchObject({ kind: 'featured', before: false, after: true });
    await expect(setFeatured(id, true, mo, client.db)).rejects.toMatchObject({ code: 'conflict' });
    // off the board, and still in the list: the mark can be taken off
    await client.db.execute(sql`update submissions set visibility = 'hidden' where id = ${id}`);
    expect((await listBaselines(TASK, client.db)).map((entry) => entry.id)).toEqual([id]);
    await setFeatured(id, false, mo, client.db);
    expect(await listBaselines(TASK, client.db)).toEqual([]);
  });
});
