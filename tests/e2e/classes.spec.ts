/** A class from its making to the reveal, as a maintainer, a member and a projector see it. */
import { expect, rendered, signIn, test } from './site-test.ts';

const stamp = Date.now().toString(36);
const NAME = `Course ${stamp}`;

test('a class: made by a maintainer, joined with its code, shown on a projector, deleted', async ({
  page,
  browser,
}) => {
  await signIn(page, { name: 'Mina Maintainer', email: 'mina@example.org', role: 'maintainer' });
  await page.goto('/maintain/classes');
  await rendered(page);
  await page.getByLabel('Name of the class').fill(NAME);
  await page.getByRole('button', { name: 'Make the class' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(NAME);
  await expect(page.getByText('Nobody has joined yet.')).toBeVisible();
  await page.getByRole('button', { name: 'Make the code to join with' }).click();
  const address = (await page.locator('[data-class-code]').textContent())!;
  await page.getByRole('button', { name: 'Make the address for a projector' }).click();
  const screen = (await page.locator('[data-class-screen]').textContent())!;

  const other = await browser.newContext({ baseURL: process.env.E2E_URL });
  const member = await other.newPage();
  await signIn(member, { name: `Student ${stamp}`, email: `student-${stamp}@example.org` });
  // typed as it is heard, in small letters and with spaces
  await member.goto('/classes');
  await rendered(member);
  const heard = new URL(address).pathname.split('/').at(-1)!.toLowerCase().replaceAll('-', ' ');
  await member.getByLabel('Code').fill(heard);
  await member.getByRole('button', { name: 'Go on' }).click();
  await expect(member.getByRole('heading', { level: 1 })).toHaveText(NAME);
  await member.getByLabel('Name that the class sees').fill('Row One');
  await member.getByRole('button', { name: 'Join the class' }).click();
  await expect(member.getByText('You are here as “Row One”.')).toBeVisible();
  await expect(member.getByRole('rowheader', { name: 'Row One' })).toBeVisible();
  // nothing of keeping a class is offered to its members
  await expect(member.getByRole('heading', { name: 'Keep the class' })).toHaveCount(0);

  // nobody signs a projector in
  const projector = await (await browser.newContext()).newPage();
  await projector.goto(screen);
  await expect(projector.getByRole('rowheader', { name: 'Row One' })).toBeVisible();
  await page.getByRole('button', { name: 'Hide new scores until a reveal' }).click();
  await expect(page.getByText(/are hidden until the reveal: 0 so far/)).toBeVisible();
  // by itself, within 15 seconds
  await expect(projector.getByText(/are hidden until the reveal: 0 so far/)).toBeVisible({ timeout: 40_000 });
  await projector.context().close();
  await page.getByRole('button', { name: 'Reveal the scores' }).click();
  await expect(page.getByText(/^Revealed on/)).toBeVisible();

  await page.getByRole('button', { name: 'Delete the class' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete the class' }).click();
  await expect(page).toHaveURL(/\/maintain\/classes$/);
  await expect(page.getByText(NAME)).toHaveCount(0);
  const gone = await member.goto(member.url());
  expect(gone!.status()).toBe(404);
  await other.close();
});
