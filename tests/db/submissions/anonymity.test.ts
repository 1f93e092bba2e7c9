import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listEvents } from '#db/audit.ts';
import { type Client, connect } from '#db/engine/client.ts';
import { type Dataset, submissions } from '#db/schema.ts';
import { makeAnonymous, reveal } from '#db/submissions/anonymity.ts';
import { createSubmission } from '#db/submissions/submissions.ts';
import { ONE_ENGINE, type TestDatabase } from '#tests/db/databases.ts';
import { someDataset, someSubmission } from '#tests/db/fixtures.ts';

describe.each(ONE_ENGINE)('on $name', ({ open, missing }) => {
  describe.skipIf(missing)('numbers of anonymous entries', () => {
    let database: TestDatabase;
    let client: Client;
    let dataset: Dataset;
    beforeAll(async () => {
      process.env.LIVECELL_QUOTA = '0';
      database = await open();
      client = connect(database.url, { max: 8 });
      dataset = await someDataset(client.db);
    });
    afterAll(async () => {
      await client?.close();
      await database?.close();
    });

    const made = async (n: number) => {
      const ids = [];
      for (let i = 0; i < n; i++) ids.push((await createSubmission(someSubmission(dataset), client.db)).id);
      return ids;
    };

    it('are given to eight at a time without a gap and never twice', async () => {
      const ids = await made(8);
      const sealed = await Promise.all(ids.map((id) => makeAnonymous(id, null, null, client.db)));
      expect(sealed.map(({ anonymousNumber }) => anonymousNumber!).sort((a, b) => a - b)).toEqual([
        1, 2, 3, 4, 5, 6, 7, 8,
      ]);
    });

    it('stay with their entry, and are not given again when it is gone', async () => {
      const [first, second] = await made(2);
      const { anonymousNumber } = await makeAnonymous(first, null, null, client.db);
      await reveal(first, null, client.db);
      expect((await makeAnonymous(first, null, null, client.db)).anonymousNumber).toBe(anonymousNumber);
      await client.db.delete(submissions).where(eq(submissions.id, first));
      expect((await makeAnonymous(second, null, null, client.db)).anonymousNumber).toBe(anonymousNumber! + 1);
    });

    it('are revealed once: of two clicks one is told that it was too late', async () => {
      const [id] = await made(1);
      await makeAnonymous(id, null, new Date(Date.now() + 60_000), client.db);
      const clicks = await Promise.allSettled([reveal(id, null, client.db), reveal(id, null, client.db)]);
      expect(clicks.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const events = (await listEvents(id, client.db)).map(({ event }) => event);
      expect(events.filter(({ kind }) => kind === 'revealed')).toHaveLength(1);
      expect(events.find(({ kind }) => kind === 'anonymised')).toMatchObject({ number: expect.any(Number) });
    });
  });
});
