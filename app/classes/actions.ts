'use server';

import { revalidatePath } from 'next/cache';
import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { z } from 'zod';
import { action } from '#app/_server/http.ts';
import { siteOf } from '#app/_server/site.ts';
import {
  createClass,
  deleteClass,
  freeze,
  joinClass,
  leaveClass,
  renewCode,
  renewScreen,
  revealClass,
} from '#db/people/classes.ts';
import { AppError } from '#lib/errors.ts';
import { canJoinClass, canManageClasses, type Viewer } from '#lib/permissions.ts';

const about = z.object({ id: z.string() });
const name = (what: string) => z.string().trim().min(1, what).max(80, 'At most 80 characters');

function requireManager(who: Viewer): void {
  if (!canManageClasses(who)) throw new AppError('forbidden', 'Only maintainers keep classes.');
}

export const makeClass = action(
  z.object({
    name: name('A name for the class'),
    /** `<task>/<id of the data set>` */
    on: z.string().regex(/^[^/]+\/.+$/, 'Choose what the class works on'),
  }),
  async ({ name, on }, who) => {
    requireManager(who);
    const [task, ...rest] = on.split('/');
    const { id } = await createClass({ name, task, datasetId: rest.join('/') }, who.id);
    redirect(`/classes/${id}`);
  },
);

/** `made` is the address at which people join, whose code is shown only this once. */
export const makeCode = action(about, async ({ id }, who) => {
  requireManager(who);
  const code = await renewCode(id);
  return { done: true, made: `${siteOf({ headers: await headers() })}/classes/join/${code}` };
});

/** `made` is the address of the projector's page, shown only this once. */
export const makeScreen = action(about, async ({ id }, who) => {
  requireManager(who);
  const secret = await renewScreen(id);
  return { done: true, made: `${siteOf({ headers: await headers() })}/classes/screen/${secret}` };
});

export const hideNewScores = action(about, async ({ id }, who) => {
  requireManager(who);
  await freeze(id, who.id);
  revalidatePath(`/classes/${id}`);
  return { done: true };
});

export const revealScores = action(about, async ({ id }, who) => {
  requireManager(who);
  await revealClass(id, who.id);
  revalidatePath(`/classes/${id}`);
  return { done: true };
});

export const dropClass = action(about, async ({ id }, who) => {
  requireManager(who);
  await deleteClass(id, who.id);
  redirect('/maintain/classes');
});

export const join = action(
  z.object({
    code: z.string().min(1, 'The code of the class').max(100),
    name: name('How are you called?'),
    team: z.string().default(''),
  }),
  async ({ code, name, team }, who) => {
    if (!canJoinClass(who)) throw new AppError('forbidden', 'This account cannot join classes.');
    const id = await joinClass(code, { userId: who.id, teamId: team || null, name });
    redirect(`/classes/${id}`);
  },
);

export const leave = action(about, async ({ id }, who) => {
  if (!canJoinClass(who)) throw new AppError('forbidden', 'This account cannot leave classes.');
  await leaveClass(id, who.id);
  redirect('/submissions');
});
