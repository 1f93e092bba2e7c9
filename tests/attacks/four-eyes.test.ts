/** The attack: a maintainer submits, approves, vouches for and restores an entry of their own, and is first on the board. */
import { eq } from 'drizzle-orm';
import { beforeEach, describe, expect, test } from 'vitest';
import { listEvents } from '#db/audit.ts';
import { db } from '#db/engine/client.ts';
import { acceptInvitation, createTeam, invite } from '#db/people/teams.ts';
import { createToken, MOST_TOKENS } from '#db/people/tokens.ts';
import { datasets, submissions, users } from '#db/schema.ts';
import { approve, decline, hide, markVerified, restore } from '#db/submissions/moderation.ts';
import { createSubmission } from '#db/submissions/submissions.ts';
import { auditSentence } from '#lib/audit.ts';
import { openSite, type Person, person } from '#tests/app/site.ts';
import { someDataset, someSubmission } from '#tests/db/fixtures.ts';

openSite();

let count = 0;
let mina: Person;
beforeEach(async () => {
  await db().delete(submissions);
  await db().delete(datasets);
  await db().update(users).set({ role: 'researcher' });
  mina = await person(`mina${++count}`, 'maintainer');
});

async function entry(userId: string, teamId: string | null = null): Promise<string> {
  const dataset = await someDataset(db(), { name: `d${++count}` });
  const { id } = await createSubmission(someSubmission(dataset, { userId, teamId, method: `M${count}` }));
  await db().update(submissions).set({ state: 'scored', visibility: 'pending' }).where(eq(submissions.id, id));
  return id;
}

describe('an entry of one’s own', () => {
  test('is approved, vouched for and restored by another maintainer alone', async () => {
    const other = await person(`other${count}`, 'maintainer');
    const id = await entry(mina.id);
    const refused = { code: 'forbidden', message: expect.stringContaining('another maintainer has to decide') };
    await expect(approve(id, mina.id)).rejects.toMatchObject(refused);
    await expect(markVerified(id, mina.id, 'I ran it')).rejects.toMatchObject(refused);
    await approve(id, other.id);
    await hide(id, other.id, 'a question');
    await expect(restore(id, mina.id, 'answered')).rejects.toMatchObject(refused);
    await restore(id, other.id, 'answered');
    await markVerified(id, other.id, 'ran it');
  });

  test('so is one of one’s team, whoever of it submitted', async () => {
    await person(`other${count}`, 'maintainer');
    const ada = await person(`ada${count}`);
    const { id: teamId } = await createTeam('Both', ada.id);
    await acceptInvitation((await invite(teamId, ada.id)).secret, mina.id);
    await expect(approve(await entry(ada.id, teamId), mina.id)).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('may be declined by oneself: that puts nothing on the board', async () => {
    await person(`other${count}`, 'maintainer');
    await decline(await entry(mina.id), mina.id, 'a mistake of mine');
  });

  test('is approved by its submitter where there is no other maintainer, and says so publicly', async () => {
    const suspended = await person(`gone${count}`, 'maintainer');
    await db().update(users).set({ suspendedAt: new Date() }).where(eq(users.id, suspended.id));
    const id = await entry(mina.id);
    await approve(id, mina.id);
    expect(auditSentence((await listEvents(id)).at(-1)!.event)).toContain('by its own submitter');
    const theirs = await entry((await person(`ada${count}`)).id);
    await approve(theirs, mina.id);
    expect(auditSentence((await listEvents(theirs)).at(-1)!.event)).not.toContain('submitter');
  });
});

test('tokens of one person are few, however fast they are made', async () => {
  const made = await Promise.allSettled(Array.from({ length: 60 }, (_, i) => createToken(mina.id, `t${i}`)));
  // one was made with the person
  expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(MOST_TOKENS - 1);
});
