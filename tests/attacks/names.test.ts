/** The attack: a name that speaks for the site, or that looks like another's by what cannot be seen in it. */
import { describe, expect, test } from 'vitest';
import { saveProfile } from '#db/people/sign-ins.ts';
import { createTeam, renameTeam } from '#db/people/teams.ts';
import { getUser } from '#db/people/users.ts';
import { plainName, publicName } from '#lib/names.ts';
import { openSite, person } from '#tests/app/site.ts';

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
  '\u200B\u202E',
])('%j is nobody’s name', (name) => {
  expect(() => publicName(name)).toThrow(/sounds as if|can be seen/);
});

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
