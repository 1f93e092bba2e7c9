import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prunePublicChanges, readPublicVersion } from '#db/board/public-version.ts';
import { type Client, connect } from '#db/engine/client.ts';
import {
  announcements,
  type Dataset,
  datasets,
  methods,
  notices,
  publicChanges,
  referenceResults,
  submissions,
  users,
} from '#db/schema.ts';
import { createSubmission } from '#db/submissions/submissions.ts';
import { ENGINES, type TestDatabase } from '#tests/db/databases.ts';
import { someDataset, someSubmission } from '#tests/db/fixtures.ts';

describe.each(ENGINES)('on $name', ({ name, open, missing }) => {
  describe.skipIf(missing)('the version of what strangers see', () => {
    let database: TestDatabase;
    let client: Client;
    let dataset: Dataset;
    beforeAll(async () => {
      process.env.LIVECELL_QUOTA = '0';
      database = await open();
      client = connect(database.url, { max: 4 });
      dataset = await someDataset(client.db);
    });
    afterAll(async () => {
      await client?.close();
      await database?.close();
    });

    /** Whether the version is another one after the change. */
    const changes = async (change: () => Promise<unknown>) => {
      const before = await readPublicVersion(client.db);
      await change();
      return (await readPublicVersion(client.db)) !== before;
    };
    const set = (id: string, values: Partial<typeof submissions.$inferInsert>) =>
      client.db.update(submissions).set(values).where(eq(submissions.id, id));

    it('stays while a private submission comes in, is scored and is withdrawn', async () => {
      expect(
        await changes(async () => {
          const { id } = await createSubmission(someSubmission(dataset), client.db);
          await set(id, { state: 'scoring', progress: { step: 'read', fraction: 0.5 } as never });
          await set(id, { state: 'scored' });
          await set(id, { state: 'withdrawn' });
        }),
      ).toBe(false);
    });

    it('changes when an entry is published, edited, hidden, shown again and withdrawn', async () => {
      const { id } = await createSubmission(someSubmission(dataset), client.db);
      await set(id, { state: 'scored' });
      for (const values of [
        { visibility: 'published' },
        { featured: true },
        { visibility: 'hidden' },
        { visibility: 'published' },
        { visibility: 'private', state: 'withdrawn', wasPublished: true },
        { withdrawalReason: 'mistake' },
      ] as const)
        expect(await changes(() => set(id, values)), JSON.stringify(values)).toBe(true);
    });

    it('changes when a private run adds to the number of runs that a published method shows', async () => {
      const [method] = await client.db.insert(methods).values({ name: 'Counted' }).returning();
      const [shown, run] = await Promise.all([
        createSubmission(someSubmission(dataset), client.db),
        createSubmission(someSubmission(dataset), client.db),
      ]);
      await set(shown.id, { methodId: method.id, state: 'scored', visibility: 'published' });
      await set(run.id, { methodId: method.id, state: 'scoring' });
      expect(await changes(() => set(run.id, { state: 'scored' }))).toBe(true);
    });

    it('changes with names, data sets, published results and announcements, but not with notices', async () => {
      const [person] = await client.db.insert(users).values({ name: 'Ada' }).returning();
      const rename = (name: string) => client.db.update(users).set({ name }).where(eq(users.id, person.id));
      expect(await changes(() => rename('Ada Lovelace'))).toBe(true);
      expect(await changes(() => rename('Ada Lovelace'))).toBe(false);
      expect(
        await changes(() => client.db.insert(notices).values({ userId: person.id, kind: 'scored', text: 'Scored.' })),
      ).toBe(false);
      expect(
        await changes(() => client.db.update(datasets).set({ public: true }).where(eq(datasets.id, dataset.id))),
      ).toBe(true);
      const now = new Date();
      expect(
        await changes(() =>
          client.db.insert(announcements).values({ text: 'Closed on Monday.', startsAt: now, endsAt: now }),
        ),
      ).toBe(true);
      expect(
        await changes(() =>
          client.db.insert(referenceResults).values({
            task: 'livecell-wide',
            subset: 'all',
            method: 'Published',
            evaluation: 'segm',
            metric: 'AP',
            value: 0.4,
            protocol: 'livecell-code',
            source: 'a paper',
            comparable: 'yes',
          }),
        ),
      ).toBe(true);
    });

    // The embedded database runs one transaction at a time.
    const concurrently = name === 'PostgreSQL' ? it : () => {};
    concurrently('notices a transaction that began first and ends last', async () => {
      let commit = () => {};
      const told = new Promise<void>((resolve) => {
        commit = resolve;
      });
      let begun = () => {};
      const started = new Promise<void>((resolve) => {
        begun = resolve;
      });
      const slow = client.db.transaction(async (tx) => {
        await tx.update(datasets).set({ licence: 'one' }).where(eq(datasets.id, dataset.id));
        begun();
        await told;
      });
      await started;
      await client.db.insert(announcements).values({ text: 'Meanwhile.', startsAt: new Date(), endsAt: new Date() });
      expect(
        await changes(async () => {
          commit();
          await slow;
        }),
      ).toBe(true);
    });

    it('lines older than an hour are deleted, but for the newest', async () => {
      await client.db.update(publicChanges).set({ at: new Date(Date.now() - 2 * 3600_000) });
      const before = await client.db.select().from(publicChanges).orderBy(publicChanges.transaction);
      expect(before.length).toBeGreaterThan(1);
      await prunePublicChanges(client.db);
      expect(await client.db.select().from(publicChanges)).toEqual(before.slice(-1));
    });
  });
});
