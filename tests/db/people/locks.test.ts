/**
 * Transactions that lock people, their submissions and methods, run against each other both ways: none may be ended by
 * the database because two waited for each other. On PostgreSQL alone: the embedded database runs one at a time.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, connect } from '#db/engine/client.ts';
import { deleteAccount } from '#db/people/deletion.ts';
import { isDeadlock, retryDeadlocks } from '#db/people/locks.ts';
import { liftSuspension, mergeAccounts, suspend } from '#db/people/moderation.ts';
import { saveProfile } from '#db/people/sign-ins.ts';
import { createTeam } from '#db/people/teams.ts';
import { ensureUser, setRole } from '#db/people/users.ts';
import type { Dataset, User } from '#db/schema.ts';
import { requestPublication, unpublish } from '#db/submissions/publication.ts';
import { createSubmission } from '#db/submissions/submissions.ts';
import { AppError } from '#lib/errors.ts';
import { ENGINES, type TestDatabase } from '#tests/db/databases.ts';
import { someDataset, someSubmission } from '#tests/db/fixtures.ts';

const [, { missing, open }] = ENGINES;

describe.skipIf(missing)('transactions that lock people', () => {
  let database: TestDatabase;
  let client: Client;
  let dataset: Dataset;
  let chief: User;
  let n = 0;
  beforeAll(async () => {
    database = await open();
    client = connect(database.url, { max: 12 });
    dataset = await someDataset(client.db);
    chief = await someone('maintainer');
  });
  afterAll(async () => {
    await client.close();
    await database.close();
  });

  async function someone(role: 'maintainer' | 'researcher' = 'researcher'): Promise<User> {
    n++;
    return ensureUser({ email: `person${n}@example.org`, name: `Person ${n}`, role }, client.db);
  }

  /** Run work again and again until `over`, and return the errors that are no refusal in words. */
  async function repeat(work: () => Promise<unknown>, over: () => boolean): Promise<unknown[]> {
    const errors: unknown[] = [];
    while (!over()) {
      await work().catch(async (error) => {
        await new Promise((resolve) => setTimeout(resolve, 5)); // refused again and again once the account is gone
        if (!(error instanceof AppError) || error.status >= 500) errors.push(error);
      });
    }
    return errors;
  }

  test('never wait for each other in a circle, whichever way round they run', { timeout: 120_000 }, async () => {
    const { db } = client;
    for (let round = 0; round < 6; round++) {
      const [kept, gone, other] = [await someone(), await someone('maintainer'), await someone('maintainer')];
      const ids: string[] = [];
      for (const userId of [kept.id, gone.id, gone.id])
        ids.push((await createSubmission(someSubmission(dataset, { userId }), db)).id);
      let ended = false;
      const over = () => ended;
      const others = [
        () => suspend(kept.id, chief.id, 'x', db).then(() => liftSuspension(kept.id, chief.id, 'x', db)),
        () => setRole(other.id, 'researcher', { actorId: chief.id }, db),
        () => setRole(other.id, 'maintainer', { actorId: chief.id }, db),
        () => saveProfile(gone.id, { name: 'Renamed', affiliation: null }, db),
        () => requestPublication(ids[1], gone.id, {}, db).then(() => unpublish(ids[1], gone.id, db)),
        () => createSubmission(someSubmission(dataset, { userId: gone.id }), db),
        () => createTeam(`Team ${round}`, gone.id, db),
      ].map((work) => repeat(work, over));
      // one way round, then the other
      const [one, two] = round % 2 === 0 ? [kept, gone] : [gone, kept];
      await new Promise((resolve) => setTimeout(resolve, 20));
      try {
        await mergeAccounts({ keptId: one.id, goneId: two.id, reason: 'one person' }, chief.id, db);
        await deleteAccount(one.id, { entries: 'tombstones' }, db);
      } finally {
        ended = true;
      }
      const errors = (await Promise.all(others)).flat();
      expect(errors.filter(isDeadlock)).toEqual([]);
      // an account that is gone cannot be referred to: a refusal of the database, not of a lock
      expect(errors.filter((error) => !isDeadlock(error) && !isMissingReference(error))).toEqual([]);
    }
  });

  test('are repeated if the database ended them, and only if they are whole', async () => {
    let runs = 0;
    const fail = async () => {
      runs++;
      throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
    };
    await expect(retryDeadlocks(fail, client.db)).rejects.toThrow('deadlock');
    expect(runs).toBe(3);
    await client.db.transaction((tx) => expect(retryDeadlocks(fail, tx)).rejects.toThrow('deadlock'));
    expect(runs).toBe(4);
  });
});

function isMissingReference(error: unknown): boolean {
  const { code, cause } = error as { code?: string; cause?: unknown };
  return code === '23503' || (cause !== undefined && isMissingReference(cause));
}
