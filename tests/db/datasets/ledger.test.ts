/** Numbers that maintainers add to the ledger: shown to everybody, never twice, each change on record. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  addPublishedNumbers,
  listAddedNumbers,
  listPublishedNumbers,
  readPublishedNumbers,
  removePublishedNumber,
} from '#db/datasets/ledger.ts';
import { type Client, connect } from '#db/engine/client.ts';
import { ensureUser } from '#db/people/users.ts';
import { auditEvents } from '#db/schema.ts';
import { readLedger } from '#lib/published/ledger.ts';
import { ONE_ENGINE, type TestDatabase } from '#tests/db/databases.ts';

describe.each(ONE_ENGINE)('the ledger on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  let database: TestDatabase;
  let client: Client;
  beforeAll(async () => {
    database = await open();
    client = connect(database.url);
  });
  afterAll(async () => {
    await client.close();
    await database.close();
  });

  test('rows are added once, with a line of the log, and removed with a reason', async () => {
    const tx = client.db;
    const { id: actorId } = await ensureUser({ email: 'm@example.org', name: 'M', role: 'maintainer' }, tx);
    const shipped = await listPublishedNumbers(tx);
    const about = { year: 2025, metric: 'mSA (.50:.95)', split: 'test (1512 files)', source: 'a paper' };
    const row = { line: 2, ...about, method: '=New', value: '.5', protocol: 'torch_em' };
    const known = { ...shipped[0], line: 3 };
    const first = await addPublishedNumbers([row, known], { actorId, by: 'csv' }, tx);
    expect(first).toMatchObject({ added: 1, duplicates: [{ line: 3 }] });
    expect(await addPublishedNumbers([row], { actorId, by: 'form' }, tx)).toMatchObject({ added: 0 });

    const now = await listPublishedNumbers(tx);
    expect(now).toHaveLength(shipped.length + 1);
    // its family and what it may stand beside are found as for the others
    expect(now.at(-1)).toMatchObject({ method: '=New', family: 'msa', beside: 'msa/flat-large/test' });
    const table = await readPublishedNumbers(tx);
    expect(table).toContain("\n'=New,2025,");
    expect(readLedger(table)).toHaveLength(now.length);

    const [{ id }] = await listAddedNumbers(tx);
    await removePublishedNumber(id, { actorId, reason: 'Misread' }, tx);
    await expect(removePublishedNumber(id, { actorId, reason: 'Misread' }, tx)).rejects.toThrow('no longer');
    expect(await listPublishedNumbers(tx)).toEqual(shipped);
    const events = await tx.select().from(auditEvents).orderBy(auditEvents.id);
    expect(events.map(({ kind, detail }) => [kind, detail])).toMatchObject([
      ['published-numbers-added', { numbers: 1, by: 'csv', methods: ['=New'] }],
      ['published-number-removed', { method: '=New', value: '.5', reason: 'Misread' }],
    ]);
  });
});
