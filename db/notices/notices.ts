/**
 * Notices to people: in the site, and by e-mail where the site sends any. A notice is written in the transaction of
 * the change it reports, so nobody hears of something that did not happen. `outbox.ts` sends the e-mail later.
 */
import { and, count, desc, eq, inArray, isNull, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { type Notice, notices, outbox, teamMembers, users } from '#db/schema.ts';
import { env } from '#lib/env.ts';
import { NOTICE_KINDS, type NoticeKind, type NoticePreferences } from '#lib/vocabulary.ts';

/** The subject of each kind, worded for the list of preferences. */
export const NOTICE_WORDS: Readonly<Record<NoticeKind, string>> = {
  scored: 'A submission was scored',
  rejected: 'A file was rejected',
  failed: 'Scoring failed on our side',
  approved: 'An entry was approved and is public',
  'asked-back': 'A maintainer has a question about an entry',
  hidden: 'An entry was hidden or declined',
  restored: 'A hidden entry is back',
  verified: 'An entry was re-run by a maintainer',
  rescored: 'An entry was scored again',
  'quota-granted': 'More submissions were granted',
  team: 'Something changed in a team of yours',
  account: 'Something changed in your account',
  'problem-settled': 'A problem that you reported was answered',
  announcement: 'Announcements of the maintainers',
};

export interface NewNotice {
  kind: NoticeKind;
  /** plain sentences; the first one becomes the subject of the e-mail */
  text: string;
  /** a path of this site, such as `/submissions/<id>` */
  link?: string;
  /** further lines of the e-mail alone */
  letter?: readonly string[];
}

/** Return where a person with these preferences wants notices of a kind. */
export function wants(preferences: NoticePreferences, kind: NoticeKind): { site: boolean; email: boolean } {
  return preferences[kind] ?? { site: true, email: true };
}

/** Most rows per statement; more would exceed PostgreSQL's limit on parameters. */
const ROWS_AT_ONCE = 1000;

/**
 * Notify people according to their preferences: in the site, and by e-mail if SMTP is set up and the person has an
 * address. Ignore duplicates and people whose account is deleted.
 */
export async function notify(userIds: readonly string[], notice: NewNotice, tx: Tx): Promise<void> {
  const { kind, text, link = null } = notice;
  const ids = [...new Set(userIds)];
  for (let from = 0; from < ids.length; from += ROWS_AT_ONCE) {
    const people = await tx
      .select({ id: users.id, email: users.email, preferences: users.noticePreferences })
      .from(users)
      .where(inArray(users.id, ids.slice(from, from + ROWS_AT_ONCE)));
    const inSite = people.filter(({ preferences }) => wants(preferences, kind).site);
    if (inSite.length > 0) await tx.insert(notices).values(inSite.map(({ id }) => ({ userId: id, kind, text, link })));
    if (!sendsMail()) continue;
    const byMail = people.flatMap(({ email, preferences }) => (email && wants(preferences, kind).email ? [email] : []));
    if (byMail.length > 0) await tx.insert(outbox).values(byMail.map((to) => ({ to, ...composeLetter(notice) })));
  }
}

/** Tell whether this site sends e-mail at all. */
export function sendsMail(): boolean {
  return env().SMTP_URL !== undefined;
}

const SUBJECT_LENGTH = 100;

function composeLetter({ kind, text, link, letter }: NewNotice): { subject: string; body: string } {
  const site = new URL(env().AUTH_URL!).origin; // there wherever SMTP is set up
  const first = /^.*?[.!?:](?=\s|$)/.exec(text)?.[0] ?? text;
  const subject = first.replace(/\s+/g, ' ').trim().replace(/[.:]$/, '');
  return {
    subject: subject.length > SUBJECT_LENGTH ? `${subject.slice(0, SUBJECT_LENGTH - 1)}…` : subject,
    body: [
      text,
      ...(link ? ['', `${site}${link}`] : []),
      ...(letter ? ['', ...letter.map((line) => line.replaceAll('{site}', site))] : []),
      '',
      '-- ',
      'LIVECell benchmark',
      `You get this e-mail because your account wants to hear by e-mail when: ${NOTICE_WORDS[kind].toLowerCase()}.`,
      `Switch it off: ${site}/account?tab=notices`,
      '',
    ].join('\n'),
  };
}

/** Return the ids of a submission's owners: its team, or else its submitter; none for a seeded submission. */
export async function audienceOf(
  submission: { userId: string | null; teamId: string | null },
  tx: Tx = db(),
): Promise<string[]> {
  if (submission.teamId === null) return submission.userId === null ? [] : [submission.userId];
  const members = await tx
    .select({ userId: teamMembers.userId })
    .from(teamMembers)
    .where(eq(teamMembers.teamId, submission.teamId));
  return members.map(({ userId }) => userId);
}

// --- reading ---

/** Return a person's notices, newest first. */
export async function listNotices(userId: string, options: { limit?: number } = {}, tx: Tx = db()): Promise<Notice[]> {
  return tx
    .select()
    .from(notices)
    .where(eq(notices.userId, userId))
    .orderBy(desc(notices.createdAt), desc(notices.id))
    .limit(options.limit ?? 200);
}

/** Return one of a person's notices; null if it is not theirs. */
export async function getNotice(userId: string, id: string, tx: Tx = db()): Promise<Notice | null> {
  const [notice] = await tx
    .select()
    .from(notices)
    .where(and(eq(notices.id, id), eq(notices.userId, userId)));
  return notice ?? null;
}

export async function countUnread(userId: string, tx: Tx = db()): Promise<number> {
  const [row] = await tx
    .select({ unread: count() })
    .from(notices)
    .where(and(eq(notices.userId, userId), isNull(notices.readAt)));
  return row.unread;
}

/** Mark one of a person's notices as read, or all of them. Return how many were unread. */
export async function markRead(userId: string, noticeId: string | 'all', tx: Tx = db()): Promise<number> {
  const which = noticeId === 'all' ? undefined : eq(notices.id, noticeId);
  const marked = await tx
    .update(notices)
    .set({ readAt: sql`now()` })
    .where(and(eq(notices.userId, userId), isNull(notices.readAt), which))
    .returning({ id: notices.id });
  return marked.length;
}

// --- preferences ---

/** Return a person's preferences for every kind of notice. */
export async function getPreferences(userId: string, tx: Tx = db()): Promise<Required<NoticePreferences>> {
  const [row] = await tx.select({ preferences: users.noticePreferences }).from(users).where(eq(users.id, userId));
  const all = NOTICE_KINDS.map((kind) => [kind, wants(row?.preferences ?? {}, kind)] as const);
  return Object.fromEntries(all) as Required<NoticePreferences>;
}

export async function savePreferences(userId: string, preferences: NoticePreferences, tx: Tx = db()): Promise<void> {
  await tx.update(users).set({ noticePreferences: preferences }).where(eq(users.id, userId));
}
