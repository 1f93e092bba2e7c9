'use server';

import { revalidatePath } from 'next/cache';
import { z } from 'zod';
import { action, type FormState } from '#app/_server/http.ts';
import { findSubmission } from '#app/_server/submissions.ts';
import { announce, endAnnouncement } from '#db/notices/announcements.ts';
import { grantQuota } from '#db/quota/ledger.ts';
import { saveTaskSettings } from '#db/quota/task-settings.ts';
import { setFeatured } from '#db/submissions/baselines.ts';
import { AppError } from '#lib/errors.ts';
import { canFeature, canManageTasks, type Viewer } from '#lib/permissions.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import { parseTask } from '#lib/tasks/index.ts';

/** Sizes in forms are in megabytes of 1,000,000 bytes. */
const MEGABYTE = 1_000_000;

function mustManage(who: Viewer): void {
  if (!canManageTasks(who)) throw new AppError('forbidden', 'Only maintainers set what holds for a task.');
}

function done(message: string): FormState {
  revalidatePath('/', 'layout');
  return { done: true, message };
}

const task = z.string().refine((id) => parseTask(id) !== null, 'There is no such task');
const ticked = z
  .string()
  .optional()
  .transform((value) => value !== undefined);

/** An empty field means the site's default, null. */
function optional(min: number, max: number) {
  const words = `A whole number from ${min.toLocaleString('en')} to ${max.toLocaleString('en')}, or nothing`;
  return z
    .string()
    .trim()
    .refine((text) => text === '' || (/^\d+$/.test(text) && Number(text) >= min && Number(text) <= max), words)
    .transform((text) => (text === '' ? null : Number(text)));
}

export const setTask = action(
  z
    .object({
      task,
      open: z.enum(['yes', 'no'], 'Open or closed?').transform((value) => value === 'yes'),
      closedReason: z.string().trim().max(1000, 'At most 1,000 characters').default(''),
      quota: optional(1, 10_000),
      unlimited: ticked,
      quotaDays: optional(1, 365),
      megabytes: optional(1, Math.floor(LIMITS.bytes / MEGABYTE)),
    })
    .refine(({ open, closedReason }) => open || closedReason !== '', {
      path: ['closedReason'],
      message: 'Give a reason; it is shown to people who want to submit.',
    }),
  async ({ task, open, closedReason, quota, unlimited, quotaDays, megabytes }, who) => {
    mustManage(who);
    const maxBytes = megabytes === null ? null : megabytes * MEGABYTE;
    await saveTaskSettings(task, { open, closedReason, quota: unlimited ? 0 : quota, quotaDays, maxBytes }, who.id);
    return done('Saved.');
  },
);

const instant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d$/, 'A day and a time')
  .transform((text) => new Date(`${text}:00Z`))
  .refine((date) => !Number.isNaN(date.getTime()), 'A day and a time');

export const makeAnnouncement = action(
  z
    .object({
      task: z.union([z.literal('').transform(() => null), task]),
      text: z.string().trim().min(1, 'Enter the text of the announcement.').max(1000, 'At most 1,000 characters'),
      startsAt: instant,
      endsAt: instant,
      tellEverybody: ticked,
    })
    .refine(({ startsAt, endsAt }) => endsAt > startsAt, { path: ['endsAt'], message: 'It ends after it begins.' }),
  async (input, who) => {
    mustManage(who);
    await announce(input, who.id);
    return done(input.tellEverybody ? 'Announced, and everybody gets a notice.' : 'Announced.');
  },
);

export const takeDown = action(z.object({ id: z.string() }), async ({ id }, who) => {
  mustManage(who);
  await endAnnouncement(id, who.id);
  return done('Taken down.');
});

export const markBaseline = action(
  z.object({ id: z.string(), featured: z.enum(['yes', 'no']).transform((value) => value === 'yes') }),
  async ({ id, featured }, who) => {
    if (!canFeature(who, await findSubmission(who, id)))
      throw new AppError('forbidden', 'Only maintainers mark baselines, and only entries that are public.');
    await setFeatured(id, featured, who.id);
    return done(featured ? 'Marked.' : 'No longer marked.');
  },
);

export const grantHolder = action(
  z.object({
    holder: z.templateLiteral([z.enum(['user', 'team']), ':', z.string()], 'Choose who gets it'),
    task,
    amount: z.coerce.number('How many?').int('A whole number').min(1, 'At least 1').max(1000, 'At most 1,000'),
    until: z.iso.date('A day, such as 2026-12-24'),
    reason: z
      .string()
      .trim()
      .min(1, 'Give a reason; the person or team can read it.')
      .max(1000, 'At most 1,000 characters'),
  }),
  async ({ until, ...grant }, who) => {
    mustManage(who);
    // to the end of that day
    await grantQuota({ ...grant, until: new Date(`${until}T23:59:59Z`) }, who.id);
    return done('Granted, and told.');
  },
);
