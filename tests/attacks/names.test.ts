/** The attack: a name that speaks for the site, or that looks like another's by what cannot be seen in it. */
import { eq } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import { db } from '#db/engine/client.ts';
import { saveProfile } from '#db/people/sign-ins.ts';
import { createTeam, renameTeam } from '#db/people/teams.ts';
import { getUser } from '#db/people/users.ts';
import { type Dataset, submissions } from '#db/schema.ts';
import { makeAnonymous } from '#db/submissions/anonymity.ts';
import { editMethod } from '#db/submissions/methods.ts';
import { listLookAlikes } from '#db/submissions/public-names.ts';
import { createSubmission } from '#db/submissions/submissions.ts';
import { likeness, methodName, plainName, publicName } from '#lib/names.ts';
import { openSite, person } from '#tests/app/site.ts';
import { someDataset, someSubmission } from '#tests/db/fixtures.ts';

openSite();

test.each([
  ['Ada\u202Ecod', 'Ada cod'],
  ['Ada\u200B Lovelace', 'Ada Lovelace'],
  ['\u2066Ada\u2069', 'Ada'],
  ['A\u0000d\na', 'A d a'],
  ['Zoe\u0308', 'Zo\u00EB'],
  ['  Ada   Lovelace ', 'Ada Lovelace'],
  ['李 娜', '李 娜'],
])('%j is shown as %j', (given, shown) => {
  expect(plainName(given)).toBe(shown);
});

test.each([
  'LIVECell benchmark (official)',
  'L I V E C e l l  Benchmark',
  'Official team',
  'LIVECell\u200B Benchmark',
  'ＬＩＶＥＣｅｌｌ benchmark',
  'the Benchmark Team',
  'Оfficial news',
  'LIVECеll Bеnchmark',
  '\u200B\u202E',
])('%j is nobody’s name', (name) => {
  expect(() => publicName(name)).toThrow(/sounds as if|can be seen/);
});

test.each(['Аda Lovelace', 'Ada Lоvelace', 'Αda Βyron'])('%j looks like another name', (name) => {
  expect(() => publicName(name)).toThrow(/mixes letters of several alphabets/);
});

test.each(['Ада Лавлейс', 'Ada Лавлейс', 'Ελένη', 'β-Cell', 'Huh7α', 'Łukasz Żak', 'O’Neill', '山田 Taro'])(
  '%j is a name',
  (name) => {
    expect(publicName(name)).toBe(name);
  },
);

describe('on the site', () => {
  test('neither a person nor a team takes one, and what is invisible is taken out', async () => {
    const { id } = await person('mallory');
    const bad = 'LIVECell benchmark (official)';
    await expect(saveProfile(id, { name: bad, affiliation: null })).rejects.toMatchObject({ code: 'invalid' });
    await expect(createTeam(bad, id)).rejects.toMatchObject({ code: 'invalid' });
    const team = await createTeam('Cell\u202E lab', id);
    expect(team.name).toBe('Cell lab');
    await expect(renameTeam(team.id, bad, id)).rejects.toMatchObject({ code: 'invalid' });
    await saveProfile(id, { name: 'Mal\u200Bory', affiliation: '\u202EMIT' });
    expect(await getUser(id)).toMatchObject({ name: 'Mal ory', affiliation: 'MIT' });
  });
});

test.each([
  ['Ada Lovelace', 'ada  lovelace', 'same'],
  ['Ada Lovelace', 'Ada Iovelace', 'look-alike'],
  ['Ada Lovelace', 'Аdа Lоvеlасе', 'look-alike'],
  ['Mary', 'Rnary', null],
  ['Marry', 'Rnarry', null],
  ['CellNet10', 'CellNetlO', 'look-alike'],
  ['mSAM', 'rnSAM', 'look-alike'],
  ['Ada Lovelace', 'Ada Byron', null],
])('%j and %j: %s', (one, other, expected) => {
  expect(likeness(one, other)).toBe(expected);
  expect(likeness(other, one)).toBe(expected);
});

test('a method may have official weights, but not the site’s name, other alphabets’ letters, or no visible one', () => {
  expect(methodName('Cellpose, official weights')).toBe('Cellpose, official weights');
  expect(methodName('μSAM')).toBe('μSAM');
  for (const bad of ['LIVECell benchmark', 'Маsk R-CNN', '\u200B'])
    expect(() => methodName(bad)).toThrow(/sounds as if|mixes letters|can be seen/);
});

describe('a name that looks like one on the leaderboard', () => {
  let dataset: Dataset;
  let mallory: string;
  let ada: string;
  let count = 0;
  const refused = { code: 'invalid', message: expect.stringMatching(/looks like “/) };

  const publish = async (changes: object) => {
    const { id } = await createSubmission(someSubmission(dataset, { userId: ada, ...changes }));
    await db().update(submissions).set({ state: 'scored', visibility: 'published' }).where(eq(submissions.id, id));
    return id;
  };
  const submit = (userId: string, method: string, teamId?: string) =>
    createSubmission(someSubmission(dataset, { userId, method, teamId: teamId ?? null }));

  beforeAll(async () => {
    dataset = await someDataset(db(), { name: `names ${++count}` });
    ada = (await person('Ada Lovelace')).id;
    mallory = (await person('eve')).id;
    await publish({ method: 'CellLens 1' });
    const { id: teamId } = await createTeam('Analytical Lab', ada);
    await publish({ method: 'Analytical', teamId });
  });

  test('is not taken by another person', async () => {
    const save = (name: string) => saveProfile(mallory, { name, affiliation: null });
    await expect(save('Ada Iovelace')).rejects.toMatchObject(refused);
    // somebody else may be called so
    await save('Ada Lovelace');
    await save('Eve');
  });

  test('is not taken by another team, nor is the same name', async () => {
    await expect(createTeam('Analytica1 Lab', mallory)).rejects.toMatchObject(refused);
    await expect(createTeam('analytical lab', mallory)).rejects.toMatchObject({ message: /There is a team named/ });
    const { id } = await createTeam('Another Lab', mallory);
    await expect(renameTeam(id, 'AnaIytical Lab', mallory)).rejects.toMatchObject(refused);
  });

  test('is not taken by another’s method, when it is submitted or renamed; its owner may have both', async () => {
    await expect(submit(mallory, 'CeIlLens 1')).rejects.toMatchObject(refused);
    const { methodId } = await submit(mallory, 'Something else');
    await expect(editMethod(methodId!, { name: 'CellLens l' }, mallory)).rejects.toMatchObject(refused);
    await submit(mallory, 'CellLens 1'); // the same method, run by somebody else
    await submit(ada, 'CellLens l');
    await expect(submit(mallory, 'Меthod')).rejects.toMatchObject({ code: 'invalid' });
    const { method } = await submit(mallory, 'Plain\u202E name');
    expect(method).toBe('Plain name');
  });

  test('is no secret told: of a private or anonymous entry nothing is said', async () => {
    await submit(ada, 'Hidden Net 1');
    const { id: sealed } = await submit(ada, 'Sealed Net 1');
    await makeAnonymous(sealed, null, null);
    await db().update(submissions).set({ state: 'scored', visibility: 'published' }).where(eq(submissions.id, sealed));
    await submit(mallory, 'Hidden Net l');
    await submit(mallory, 'Sealed Net l');
  });

  test('is listed for the operator where it was there before', async () => {
    const found = await listLookAlikes();
    expect(found).toContainEqual({ kind: 'method', names: ['CellLens 1', 'CellLens l'] });
    expect(found).toContainEqual({ kind: 'method', names: ['Hidden Net 1', 'Hidden Net l'] });
    expect(found.filter(({ kind }) => kind === 'team')).toEqual([]);
  });
});
