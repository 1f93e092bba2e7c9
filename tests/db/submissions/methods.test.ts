import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listEvents } from '#db/audit.ts';
import { getLeaderboard } from '#db/board/board.ts';
import { type Client, connect } from '#db/engine/client.ts';
import { createTeam } from '#db/people/teams.ts';
import { ensureUser } from '#db/people/users.ts';
import { type Dataset, methods, type Submission, submissions, taskSettings } from '#db/schema.ts';
import { makeAnonymous } from '#db/submissions/anonymity.ts';
import { editMethod, getMethod, listMethods, listVersions, showVersion } from '#db/submissions/methods.ts';
import { approve, hide, restore } from '#db/submissions/moderation.ts';
import { forgetFiles, requestPublication, unpublish, withdraw } from '#db/submissions/publication.ts';
import { saveReports, startScoring } from '#db/submissions/scoring.ts';
import { createDemoSubmission, createSubmission, getSubmission, isSharedFile } from '#db/submissions/submissions.ts';
import type { Report } from '#lib/tasks/report.ts';
import { ONE_ENGINE, type TestDatabase } from '#tests/db/databases.ts';
import { GROUND_TRUTH, someDataset, someMetrics, someReports, someSubmission } from '#tests/db/fixtures.ts';
import { listRecentEvents } from '../recent-events.ts';

/** Reports of one submission that covers several outside data sets. */
function reportsOn(sets: readonly Dataset[]): Report[] {
  const of = <T>(value: (set: Dataset) => T) => Object.fromEntries(sets.map((set) => [set.name, value(set)]));
  const results = { datasets: of(() => ({ bbox: { overall: someMetrics() }, segm: { overall: someMetrics() } })) };
  const datasets = of(({ sha256, images, objects }) => ({ sha256, images, objects }));
  return someReports().map((report) => ({
    ...report,
    task: 'zero-shot',
    results,
    groundTruth: { sha256: sets[0].sha256, images: 2, objects: 10, datasets },
  }));
}

/** Reports of models for some cell types. */
function reportsOfTypes(types: readonly ('A172' | 'BV2')[]): Report[] {
  const results = { cellTypes: Object.fromEntries(types.map((type) => [type, someMetrics()])), mean: null };
  return someReports({}, GROUND_TRUTH).map((report) => ({
    ...report,
    task: 'single-cell-type',
    results: { segm: results, bbox: results },
  }));
}

describe.each(ONE_ENGINE)('methods on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  let database: TestDatabase;
  let client: Client;
  let dataset: Dataset;
  let ada: string;
  let eve: string;
  beforeAll(async () => {
    database = await open();
    client = connect(database.url);
    dataset = await someDataset(client.db);
    await client.db.insert(taskSettings).values({ task: dataset.task, quota: 1000 });
    ada = (await ensureUser({ email: 'ada@example.org', name: 'Ada' }, client.db)).id;
    eve = (await ensureUser({ email: 'eve@example.org', name: 'Eve' }, client.db)).id;
  });
  afterAll(async () => {
    await client.close();
    await database.close();
  });

  const create = (changes = {}) => createSubmission(someSubmission(dataset, { userId: ada, ...changes }), client.db);
  const scored = async (changes = {}) => {
    const { id } = await create(changes);
    await startScoring(id, 1, client.db);
    await saveReports(id, someReports(), client.db);
    return id;
  };
  const published = async (changes = {}) => {
    const id = await scored(changes);
    await requestPublication(id, ada, {}, client.db);
    await approve(id, null, {}, client.db);
    return id;
  };
  const now = async (id: string) => (await getSubmission(id, client.db))!;
  const shown = async (...ids: string[]) => Promise.all(ids.map(async (id) => (await now(id)).shown));
  const board = async () => {
    const query = { task: 'livecell-wide', dataset: 'test', protocol: 'livecell-paper', evaluation: 'segm' } as const;
    return (await getLeaderboard(query, client.db)).rows;
  };
  const row = async (id: string) => (await board()).find((row) => row.id === id);

  test('a name finds the person’s method, upper or lower case, and counts its versions per data set', async () => {
    const first = await create({ method: 'U-Net', description: 'small' });
    const second = await create({ method: 'u-net', description: 'larger', codeUrl: 'https://example.org/code' });
    const elsewhere = await someDataset(client.db, { name: 'elsewhere', sha256: 'e'.repeat(64) });
    const third = await create({ method: 'U-NET', datasetId: elsewhere.id });
    const theirs = await create({ method: 'U-Net', userId: eve });
    expect([first, second, third].map(({ methodId }) => methodId)).toEqual(Array(3).fill(first.methodId));
    expect([first, second, third].map(({ version }) => version)).toEqual([1, 2, 1]);
    expect(second.method).toBe('U-Net');
    expect(theirs.methodId).not.toBe(first.methodId);
    // what it says stays; what it did not say is filled
    expect(await getMethod(first.methodId!, client.db)).toMatchObject({
      name: 'U-Net',
      description: 'small',
      codeUrl: 'https://example.org/code',
      user: { name: 'Ada' },
      public: false,
    });
    const events = (await listRecentEvents(20, client.db)).map(({ event }) => event);
    expect(events).toContainEqual({ kind: 'method-created', methodId: first.methodId, name: 'U-Net' });
    expect(events).toContainEqual({
      kind: 'method-edited',
      methodId: first.methodId,
      name: 'U-Net',
      changes: { codeUrl: { before: null, after: 'https://example.org/code' } },
    });
  });

  test('ten submissions of a new name at once are ten versions of one method', async () => {
    const made = await Promise.all(Array.from({ length: 10 }, () => create({ method: 'At once' })));
    expect(new Set(made.map(({ methodId }) => methodId)).size).toBe(1);
    expect(made.map(({ version }) => version).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test('a team’s methods are apart from those of its members', async () => {
    const team = await createTeam('Lab', ada, client.db);
    const own = await create({ method: 'Shared name' });
    const teams = await create({ method: 'Shared name', teamId: team.id });
    const again = await create({ method: 'shared NAME', teamId: team.id, userId: eve });
    expect(teams.methodId).not.toBe(own.methodId);
    expect(again).toMatchObject({ methodId: teams.methodId, version: 2 });
    const named = async (teamIds: string[]) =>
      (await listMethods(ada, teamIds, client.db)).filter(({ name }) => name === 'Shared name');
    expect((await named([])).map(({ id }) => id)).toEqual([own.methodId]);
    expect((await named([team.id])).map(({ team }) => team).sort()).toEqual(['Lab', null]);
  });

  test('an id names a method of this owner, and nobody else’s', async () => {
    const first = await create({ method: 'By id' });
    expect(await create({ method: '', methodId: first.methodId })).toMatchObject({ method: 'By id', version: 2 });
    await expect(create({ method: '', methodId: first.methodId, userId: eve })).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  test('editing says what it was before; a new name is that of all versions, and not another method’s', async () => {
    const { id, methodId } = await create({ method: 'Old name' });
    await create({ method: 'Taken' });
    await expect(editMethod(methodId!, { name: 'TAKEN' }, ada, client.db)).rejects.toMatchObject({ code: 'conflict' });
    const facts = { name: 'New name', architecture: 'ViT-L', parameters: 304.5, secondsPerImage: 0.25 };
    await editMethod(methodId!, facts, ada, client.db);
    expect(await getMethod(methodId!, client.db)).toMatchObject(facts);
    expect((await now(id)).method).toBe('New name');
    const [last] = await listRecentEvents(1, client.db);
    expect(last).toMatchObject({ actorId: ada, event: { kind: 'method-edited', methodId } });
    expect(last.event).toHaveProperty('changes', {
      name: { before: 'Old name', after: 'New name' },
      architecture: { before: '', after: 'ViT-L' },
      parameters: { before: null, after: 304.5 },
      secondsPerImage: { before: null, after: 0.25 },
    });
    // the same once more is no change
    await editMethod(methodId!, facts, ada, client.db);
    expect((await listRecentEvents(1, client.db))[0].id).toBe(last.id);
  });

  test('a name that was only tried leaves no method in the list', async () => {
    const names = async () => (await listMethods(ada, [], client.db)).map(({ name }) => name);
    const { id } = await create({ method: 'Only tried' });
    expect(await names()).toContain('Only tried');
    await client.db.update(submissions).set({ state: 'rejected' }).where(eq(submissions.id, id));
    expect(await names()).not.toContain('Only tried');
    await scored({ method: 'Only tried' });
    expect(await names()).toContain('Only tried');
  });

  test('that test images were seen is said of every version, also those to come', async () => {
    const { id, methodId } = await create({ method: 'Seen' });
    expect((await now(id)).testImagesSeen).toBe(false);
    await editMethod(methodId!, { testImagesSeen: true }, ada, client.db);
    expect((await now(id)).testImagesSeen).toBe(true);
    const next = await create({ method: 'Seen' });
    expect(next.testImagesSeen).toBe(true);
    await editMethod(methodId!, { testImagesSeen: false }, ada, client.db);
    expect((await now(id)).testImagesSeen).toBe(true);
    expect((await create({ method: 'Seen' })).testImagesSeen).toBe(false);
    expect((await create({ method: 'Seen', testImagesSeen: true })).testImagesSeen).toBe(true);
  });

  test('the list of versions tells no more of hidden ground truth than the pages of the versions', async () => {
    const hidden = await someDataset(client.db, {
      name: 'hidden',
      sha256: 'e'.repeat(64),
      objects: 100_000,
      public: false,
    });
    const told = async (id: string) => {
      const { methodId } = await now(id);
      const [{ results }] = await listVersions(methodId!, { public: false }, client.db);
      return (results as { segm: { overall: { AP: number; APs?: number } } }).segm.overall;
    };
    const { id } = await create({ datasetId: hidden.id, method: 'Careful' });
    await startScoring(id, 1, client.db);
    await saveReports(id, someReports({ AP: 0.123456 }, hidden.sha256), client.db);
    const { AP } = await told(id);
    expect(AP).not.toBe(0.123456);
    const shared = await someDataset(client.db, { name: 'shared', sha256: 'f'.repeat(64), public: true });
    const open = await create({ datasetId: shared.id, method: 'Open' });
    await startScoring(open.id, 1, client.db);
    await saveReports(open.id, someReports({ AP: 0.123456 }, shared.sha256), client.db);
    expect((await told(open.id)).AP).toBe(0.123456);
  });

  describe('the board', () => {
    test('shows the version that was published last, until the owner chooses', async () => {
      const [one, two] = [await published({ method: 'Two versions' }), await published({ method: 'Two versions' })];
      expect(await shown(one, two)).toEqual([false, true]);
      expect(await row(one)).toBeUndefined();
      expect(await row(two)).toMatchObject({ version: 2, runs: 2 });

      await showVersion(one, ada, client.db);
      expect(await shown(one, two)).toEqual([true, false]);
      expect(await row(two)).toBeUndefined();
      expect((await listEvents(one, client.db)).at(-1)).toMatchObject({
        actorId: ada,
        event: { kind: 'shown', instead: two },
      });

      const three = await published({ method: 'Two versions' });
      expect(await shown(one, two, three)).toEqual([false, false, true]);
      expect((await board()).filter(({ method }) => method === 'Two versions')).toHaveLength(1);
    });

    test('shows only what is published, whatever its owner wants', async () => {
      const id = await scored({ method: 'Private' });
      await expect(showVersion(id, ada, client.db)).rejects.toMatchObject({ code: 'conflict' });
      expect(await row(id)).toBeUndefined();
    });

    test.each<[string, (id: string) => Promise<Submission>]>([
      ['unpublished', (id) => unpublish(id, ada, client.db)],
      ['hidden', (id) => hide(id, null, 'looks wrong', client.db)],
      ['withdrawn', (id) => withdraw(id, ada, {}, client.db)],
    ])('passes to the newest other published version when the shown one is %s', async (what, leave) => {
      const method = `Leaving: ${what}`;
      const ids = [await published({ method }), await published({ method }), await published({ method })];
      const never = await scored({ method });
      expect((await leave(ids[2])).shown).toBe(false);
      expect(await shown(...ids, never)).toEqual([false, true, false, false]);
      expect((await listEvents(ids[1], client.db)).at(-1)?.event).toMatchObject({ kind: 'shown', instead: ids[2] });
      await leave(ids[0]); // was not shown: nothing passes
      expect(await shown(...ids)).toEqual([false, true, false]);
      await leave(ids[1]);
      expect(await shown(...ids, never)).toEqual([false, false, false, false]);
      expect((await board()).some((row) => row.method === method)).toBe(false);
    });

    test('leaves the place with the version that took it when a hidden one is restored', async () => {
      const method = 'Restored';
      const [one, two] = [await published({ method }), await published({ method })];
      await hide(two, null, 'a look first', client.db);
      expect(await shown(one, two)).toEqual([true, false]);
      await restore(two, null, 'it was fine', client.db);
      expect(await shown(one, two)).toEqual([true, false]);
    });

    test('has one version of a method, also when several are approved at the same time', async () => {
      const ids = await Promise.all(Array.from({ length: 5 }, () => scored({ method: 'Raced' })));
      for (const id of ids) await requestPublication(id, ada, {}, client.db);
      await Promise.all(ids.map((id) => approve(id, null, {}, client.db)));
      expect((await shown(...ids)).filter(Boolean)).toHaveLength(1);
    });

    test('counts every scored run on this test set, also private and withdrawn ones, and no others', async () => {
      const method = 'Often run';
      await withdraw(await scored({ method }), ada, {}, client.db);
      await scored({ method });
      await create({ method }); // waits
      await withdraw((await create({ method })).id, ada, {}, client.db); // never had a score
      await scored({ method, userId: eve }); // another person's of the same name
      const id = await published({ method });
      expect(await row(id)).toMatchObject({ runs: 3, version: 5 });
    });

    test('keeps an anonymous version beside the named one, tells nothing in common, and takes nobody’s place', async () => {
      const method = 'Under seal';
      const named = await published({ method });
      const secret = await scored({ method });
      await makeAnonymous(secret, ada, null, client.db);
      await requestPublication(secret, ada, {}, client.db);
      await approve(secret, null, {}, client.db);
      expect(await shown(named, secret)).toEqual([true, false]);
      expect(await row(named)).toMatchObject({ method, runs: 1, version: 1, anonymous: false });
      expect(await row(secret)).toMatchObject({ runs: 1, version: null, methodId: null, anonymous: true });
      await expect(showVersion(secret, ada, client.db)).rejects.toMatchObject({ code: 'conflict' });
      // its date has come: a version like any other
      await client.db
        .update(submissions)
        .set({ anonymousUntil: new Date(0) })
        .where(eq(submissions.id, secret));
      expect(await row(secret)).toBeUndefined();
      expect(await row(named)).toMatchObject({ runs: 2 });
      await showVersion(secret, ada, client.db);
      expect(await row(secret)).toMatchObject({ method, runs: 2, version: 2 });
    });

    test('keeps an anonymous entry that is its method’s only one when its date has come', async () => {
      const id = await scored({ method: 'Alone under seal' });
      await makeAnonymous(id, ada, null, client.db);
      await requestPublication(id, ada, {}, client.db);
      await approve(id, null, {}, client.db);
      expect((await getMethod((await now(id)).methodId!, client.db))?.public).toBe(false);
      await client.db
        .update(submissions)
        .set({ anonymousUntil: new Date(0) })
        .where(eq(submissions.id, id));
      expect(await row(id)).toMatchObject({ method: 'Alone under seal', version: 1 });
      expect((await getMethod((await now(id)).methodId!, client.db))?.public).toBe(true);
    });

    test('has the newest named version where the one that is shown is under seal still', async () => {
      const method = 'Revealed first';
      const [early, late] = [await scored({ method }), await scored({ method })];
      for (const id of [early, late]) {
        await makeAnonymous(id, ada, null, client.db);
        await requestPublication(id, ada, {}, client.db);
        await approve(id, null, {}, client.db);
      }
      expect(await shown(early, late)).toEqual([false, true]);
      // the date of the first has come
      await client.db
        .update(submissions)
        .set({ anonymousUntil: new Date(0) })
        .where(eq(submissions.id, early));
      expect(await row(early)).toMatchObject({ method, version: 1, anonymous: false });
      expect(await row(late)).toMatchObject({ anonymous: true, methodId: null });
      // and that of the other: one version of a method, the shown one
      await client.db
        .update(submissions)
        .set({ anonymousUntil: new Date(0) })
        .where(eq(submissions.id, late));
      expect(await row(early)).toBeUndefined();
      expect(await row(late)).toMatchObject({ method, version: 2, anonymous: false });
    });

    test('has the newest version that is on this data set where the shown one is not', async () => {
      const outside = async (name: string, letter: string) =>
        someDataset(client.db, { name, task: 'zero-shot', sha256: letter.repeat(64) });
      const [a, b] = [await outside('Set A', 'c'), await outside('Set B', 'd')];
      await client.db.insert(taskSettings).values({ task: 'zero-shot', quota: 1000 });
      const on = async (method: string, ...sets: Dataset[]) => {
        const { id } = await create({ method, task: 'zero-shot', datasetId: sets[0].id });
        await startScoring(id, 1, client.db);
        await saveReports(id, reportsOn(sets), client.db);
        await requestPublication(id, ada, {}, client.db);
        await approve(id, null, {}, client.db);
        return id;
      };
      const idsOn = async ({ name }: Dataset) => {
        const query = { dataset: name, protocol: 'livecell-paper', evaluation: 'segm' } as const;
        const { rows } = await getLeaderboard({ task: 'zero-shot', ...query }, client.db);
        return rows.filter(({ kind }) => kind === 'entry').map(({ id }) => id);
      };
      const both = await on('Outside', a, b);
      expect([await idsOn(a), await idsOn(b)]).toEqual([[both], [both]]);
      const again = await on('Outside', a, b);
      expect([await idsOn(a), await idsOn(b)]).toEqual([[again], [again]]);
      const onlyA = await on('Outside', a);
      expect([await idsOn(a), await idsOn(b)]).toEqual([[onlyA], [again]]);
      await showVersion(both, ada, client.db);
      expect([await idsOn(a), await idsOn(b)]).toEqual([[both], [both]]);
      // of another data set, and shown among those: never twice
      const onlyB = await on('Outside', b);
      expect([await idsOn(a), await idsOn(b)]).toEqual([[both], [onlyB]]);
      for (const id of [both, again, onlyA]) await unpublish(id, ada, client.db);
      expect([await idsOn(a), await idsOn(b)]).toEqual([[], [onlyB]]);
    });

    test('of a cell type has the newest version with a model for it', async () => {
      const single = await someDataset(client.db, { name: 'single', task: 'single-cell-type' });
      await client.db.insert(taskSettings).values({ task: 'single-cell-type', quota: 1000 });
      const of = async (...types: ('A172' | 'BV2')[]) => {
        const { id } = await create({ method: 'Partly', task: 'single-cell-type', datasetId: single.id });
        await startScoring(id, 1, client.db);
        await saveReports(id, reportsOfTypes(types), client.db);
        await requestPublication(id, ada, {}, client.db);
        await approve(id, null, {}, client.db);
        return id;
      };
      const idsOf = async (cellType: 'A172' | 'BV2' | null) => {
        const query = { dataset: 'single', protocol: 'livecell-paper', evaluation: 'segm', cellType } as const;
        const { rows } = await getLeaderboard({ task: 'single-cell-type', ...query }, client.db);
        return rows.filter(({ kind }) => kind === 'entry').map(({ id }) => id);
      };
      const [two, one] = [await of('A172', 'BV2'), await of('A172')];
      expect([await idsOf(null), await idsOf('A172'), await idsOf('BV2')]).toEqual([[one], [one], [two]]);
    });

    test('shows demo entries once they are scored, the last of a name', async () => {
      const demo = async () => {
        const { userId: _, ...input } = someSubmission(dataset, { method: 'Demo method' });
        const { id } = await createDemoSubmission(input, client.db);
        return id;
      };
      const one = await demo();
      expect(await shown(one)).toEqual([false]);
      await startScoring(one, 1, client.db);
      await saveReports(one, someReports(), client.db);
      expect(await now(one)).toMatchObject({ shown: true, wasPublished: true, version: 1 });
      const two = await demo();
      expect(await row(one)).toBeDefined();
      await startScoring(two, 1, client.db);
      await saveReports(two, someReports(), client.db);
      expect(await shown(one, two)).toEqual([false, true]);
      const [method] = await client.db.select().from(methods).where(eq(methods.name, 'Demo method'));
      expect(method).toMatchObject({ userId: null, teamId: null });
    });
  });

  test('versions are listed with their scores; to everybody only those public under the method’s name', async () => {
    const method = 'Listed';
    const open = await published({ method });
    const { methodId } = await create({ method });
    const secret = await scored({ method });
    await makeAnonymous(secret, ada, null, client.db);
    await requestPublication(secret, ada, {}, client.db);
    await approve(secret, null, {}, client.db);
    const all = await listVersions(methodId!, { public: false }, client.db);
    expect(all.map(({ version, results }) => [version, results !== null])).toEqual([
      [3, true],
      [2, false],
      [1, true],
    ]);
    expect(all[2].results).toMatchObject({ segm: { overall: { AP: 0.5 } } });
    expect((await listVersions(methodId!, { public: true }, client.db)).map(({ id }) => id)).toEqual([open]);
  });

  test('files go and scores stay; not while a score is awaited, and a shared file with the last that has it', async () => {
    const waiting = await create();
    await expect(forgetFiles(waiting.id, ada, client.db)).rejects.toMatchObject({ code: 'conflict' });
    const files = [{ ...someSubmission(dataset).files[0], storageKey: 'submissions/shared.json' }];
    const [one, two] = [await scored({ files }), await scored({ files })];
    expect((await forgetFiles(one, ada, client.db)).filesDeletedAt).toBeInstanceOf(Date);
    expect(await isSharedFile('submissions/shared.json', one, client.db)).toBe(true);
    expect(await now(one)).toMatchObject({ state: 'scored', files: [{ slot: 'all' }] });
    expect((await listEvents(one, client.db)).at(-1)).toMatchObject({ actorId: ada, event: { kind: 'files-deleted' } });
    await expect(forgetFiles(one, ada, client.db)).rejects.toMatchObject({ code: 'conflict' });
    await forgetFiles(two, ada, client.db);
    expect(await isSharedFile('submissions/shared.json', two, client.db)).toBe(false);
  });

  test('what was public and is withdrawn keeps a reason; what was not has none to give', async () => {
    const gone = await withdraw(await published({ method: 'Gone' }), ada, { reason: 'superseded' }, client.db);
    expect(gone).toMatchObject({ state: 'withdrawn', wasPublished: true, withdrawalReason: 'superseded' });
    expect(gone.filesDeletedAt).toBeInstanceOf(Date);
    const never = await withdraw(await scored(), ada, { reason: 'mistake' }, client.db);
    expect(never).toMatchObject({ wasPublished: false, withdrawalReason: null });
    // taken off the board first: it had been public all the same
    const off = await published({ method: 'Off, then gone' });
    await unpublish(off, ada, client.db);
    expect(await withdraw(off, ada, {}, client.db)).toMatchObject({ wasPublished: true, withdrawalReason: 'other' });
  });
});
