/** Maintainers' announcements: a banner for a period, on every page or on the pages of one task. */
import { and, desc, eq, gt, lte, sql } from 'drizzle-orm';
import { recordEvent } from '#db/audit.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { type Announcement, announcements, users } from '#db/schema.ts';
import { AppError } from '#lib/errors.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { notify } from './notices.ts';

interface NewAnnouncement {
  /** null: on every page */
  task: string | null;
  text: string;
  startsAt: Date;
  endsAt: Date;
  /** also notify everybody now, in the site and by e-mail, according to their preferences */
  tellEverybody?: boolean;
}

export async function announce(input: NewAnnouncement, actorId: string, tx: Tx = db()): Promise<Announcement> {
  const { task, startsAt, endsAt, tellEverybody = false } = input;
  const text = input.text.trim();
  if (!text) throw new AppError('invalid', 'An announcement needs a text.');
  if (task !== null && !parseTask(task)?.open) throw new AppError('invalid', `There is no task “${task}”.`);
  if (endsAt <= startsAt) throw new AppError('invalid', 'An announcement ends after it begins.');
  return tx.transaction(async (tx) => {
    const [made] = await tx
      .insert(announcements)
      .values({ task, text, startsAt, endsAt, createdBy: actorId })
      .returning();
    const dates = { startsAt: startsAt.toISOString(), endsAt: endsAt.toISOString() };
    await recordEvent(actorId, { kind: 'announced', announcementId: made.id, task, text, ...dates, tellEverybody }, tx);
    if (tellEverybody) {
      const everybody = await tx.select({ id: users.id }).from(users);
      await notify(
        everybody.map(({ id }) => id),
        { kind: 'announcement', text, link: task === null ? '/' : `/leaderboards/${task}` },
        tx,
      );
    }
    return made;
  });
}

/** End a banner now; one that has not begun will never show. */
export async function endAnnouncement(id: string, actorId: string, tx: Tx = db()): Promise<void> {
  await tx.transaction(async (tx) => {
    const [row] = await tx.select().from(announcements).where(eq(announcements.id, id)).for('update');
    if (!row) throw new AppError('not-found', 'There is no such announcement.');
    const now = new Date();
    if (row.endsAt <= now) throw new AppError('conflict', 'This announcement has ended already.');
    await tx.update(announcements).set({ endsAt: now }).where(eq(announcements.id, id));
    const [before, after] = [row.endsAt.toISOString(), now.toISOString()];
    await recordEvent(actorId, { kind: 'announcement-ended', announcementId: id, before, after }, tx);
  });
}

/** Return the banners that show now, oldest first: the site's own and every task's. */
export async function currentAnnouncements(tx: Tx = db()): Promise<Announcement[]> {
  return tx
    .select()
    .from(announcements)
    .where(and(lte(announcements.startsAt, sql`now()`), gt(announcements.endsAt, sql`now()`)))
    .orderBy(announcements.startsAt, announcements.id);
}

/** Return all announcements, latest first. */
export async function listAnnouncements(options: { limit?: number } = {}, tx: Tx = db()): Promise<Announcement[]> {
  return tx
    .select()
    .from(announcements)
    .orderBy(desc(announcements.startsAt), announcements.id)
    .limit(options.limit ?? 50);
}
