/** The attack: an account is deleted and made anew, for fresh places of the quota or to be rid of a suspension. */
import { eq } from 'drizzle-orm';
import { beforeAll, expect, test } from 'vitest';
import { db } from '#db/engine/client.ts';
import { deleteAccount } from '#db/people/deletion.ts';
import { suspend } from '#db/people/moderation.ts';
import { linkSignIn, unlinkSignIn } from '#db/people/sign-ins.ts';
import { getUser } from '#db/people/users.ts';
import { chargePlace, getQuota } from '#db/quota/ledger.ts';
import { accounts, type Dataset, departedSignIns } from '#db/schema.ts';
import { createSubmission } from '#db/submissions/submissions.ts';
import { userHolder } from '#lib/quota.ts';
import { openSite, type Person, person } from '#tests/app/site.ts';
import { someDataset, someSubmission } from '#tests/db/fixtures.ts';

openSite({ quota: 5 });

let dataset: Dataset;
let maintainer: Person;
beforeAll(async () => {
  dataset = await someDataset(db());
  maintainer = await person('mina', 'maintainer');
});

const signIn = (id: string) => ({ provider: 'github', providerAccountId: id, type: 'oauth' });

test('charges are still there when the same person comes back', async () => {
  const before = await person('mallory');
  await linkSignIn(before.id, signIn('4711'));
  for (let i = 0; i < 2; i++) {
    const { id } = await createSubmission(someSubmission(dataset, { userId: before.id, method: `M${i}` }));
    await db().transaction((tx) => chargePlace(id, tx));
  }
  await deleteAccount(before.id, { entries: 'tombstones' });
  const again = await person('mallory-again');
  await linkSignIn(again.id, signIn('4711'));
  expect(await getQuota(userHolder(again.id), 'livecell-wide')).toMatchObject({ charged: 2, left: 3 });
  const other = await person('other');
  await linkSignIn(other.id, signIn('4712'));
  expect(await getQuota(userHolder(other.id), 'livecell-wide')).toMatchObject({ charged: 0, left: 5 });
});

test('so is a suspension', async () => {
  const before = await person('eve');
  await linkSignIn(before.id, signIn('815'));
  await suspend(before.id, maintainer.id, 'probing');
  await deleteAccount(before.id, { entries: 'tombstones' });
  const again = await person('eve-again');
  await linkSignIn(again.id, signIn('815'));
  expect(await getUser(again.id)).toMatchObject({ suspendedReason: 'probing', suspendedAt: expect.any(Date) });
});

test('unlinking a sign-in before the account is deleted changes nothing', async () => {
  const before = await person('trudy');
  await linkSignIn(before.id, signIn('1'));
  await linkSignIn(before.id, signIn('2'));
  const { id } = await createSubmission(someSubmission(dataset, { userId: before.id, method: 'Trudy’s' }));
  await db().transaction((tx) => chargePlace(id, tx));
  await unlinkSignIn(before.id, signIn('2'));

  // while the account is there, its charges stay with it, whoever uses the sign-in now
  const second = await person('trudy-second');
  await linkSignIn(second.id, signIn('2'));
  expect(await getQuota(userHolder(before.id), 'livecell-wide')).toMatchObject({ charged: 1 });
  await db().delete(accounts).where(eq(accounts.userId, second.id));

  await suspend(before.id, maintainer.id, 'probing');
  await deleteAccount(before.id, { entries: 'tombstones' });
  const again = await person('trudy-again');
  await linkSignIn(again.id, signIn('2'));
  expect(await getQuota(userHolder(again.id), 'livecell-wide')).toMatchObject({ charged: 1, left: 4 });
  expect(await getUser(again.id)).toMatchObject({ suspendedReason: 'probing' });
});

test('a sign-in that is linked again is as before', async () => {
  const { id } = await person('walter');
  await linkSignIn(id, signIn('31'));
  await linkSignIn(id, signIn('32'));
  await unlinkSignIn(id, signIn('32'));
  await linkSignIn(id, signIn('32'));
  expect(await db().select().from(departedSignIns).where(eq(departedSignIns.userId, id))).toEqual([]);
});

test('what is remembered names nobody', async () => {
  const gone = await person('gone');
  await linkSignIn(gone.id, signIn('1234567'));
  await deleteAccount(gone.id, { entries: 'tombstones' });
  expect(JSON.stringify(await db().select().from(departedSignIns))).not.toMatch(/1234567|gone|github/);
});
