/** Maintainers' tools for accounts: find, suspend, and merge two accounts of one person. Roles are in `users.ts`. */
import { and, count, desc, eq, getTableName, inArray, notInArray, or, type SQL, sql } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import { recordEvent } from '#db/audit.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { notify } from '#db/notices/notices.ts';
import {
  accounts,
  announcements,
  apiTokens,
  classes,
  classMembers,
  deviceLogins,
  groundTruthImports,
  groundTruthVersions,
  labelErrors,
  methods,
  notices,
  problemReports,
  publishedNumbers,
  quotaLedger,
  rescores,
  sessions,
  signInLinks,
  submissions,
  submitCalls,
  taskSettings,
  teamInvitations,
  teamMembers,
  teams,
  type User,
  uploads,
  users,
} from '#db/schema.ts';
import { AppError } from '#lib/errors.ts';
import { userHolder } from '#lib/quota.ts';
import { lockForLeaving, retryDeadlocks } from './locks.ts';
import { lockUser, requireRemainingMaintainer, revokeAllTokens } from './users.ts';

// --- finding ---

export interface PersonSummary extends User {
  submissions: number;
  /** `github`, `google`, `orcid` */
  providers: string[];
}

// written out, because drizzle omits table names in a select list and these columns come from two tables
const summary = {
  person: users,
  submissions: sql<number>`(select count(*)::int from submissions as theirs where theirs.user_id = users.id)`,
  providers: sql<string[]>`coalesce(
    (select jsonb_agg(theirs.provider order by theirs.provider) from accounts as theirs where theirs.user_id = users.id),
    '[]'::jsonb
  )`,
};

/** Find people by id or by part of their name, e-mail address or ORCID iD; without a text return all, newest first. */
export async function findPeople(
  { text = '', page = 1, size = 50 }: { text?: string; page?: number; size?: number },
  tx: Tx = db(),
): Promise<{ people: PersonSummary[]; total: number }> {
  const words = text.trim();
  const like = `%${words.replace(/[\\%_]/g, '\\$&')}%`;
  // people also paste an iD as a web address
  const orcid = words.replace(/^https?:\/\/orcid\.org\//i, '');
  const where: SQL | undefined = words
    ? or(
        eq(users.id, words),
        sql`${users.name} ilike ${like}`,
        sql`${users.email} ilike ${like}`,
        sql`${users.orcid} ilike ${`%${orcid.replace(/[\\%_]/g, '\\$&')}%`}`,
      )
    : undefined;
  const [{ total }] = await tx.select({ total: count() }).from(users).where(where);
  const rows = await tx
    .select(summary)
    .from(users)
    .where(where)
    .orderBy(desc(users.createdAt), users.id)
    .limit(size)
    .offset((page - 1) * size);
  return { people: rows.map(({ person, ...more }) => ({ ...person, ...more })), total };
}

export async function getPerson(id: string, tx: Tx = db()): Promise<PersonSummary | null> {
  const [row] = await tx.select(summary).from(users).where(eq(users.id, id));
  return row ? { ...row.person, submissions: row.submissions, providers: row.providers } : null;
}

// --- suspending ---

/** Suspend an account and notify its owner of the reason. It can still look and download, but change nothing. */
export async function suspend(userId: string, actorId: string | null, reason: string, tx: Tx = db()): Promise<User> {
  const said = requireReason(reason);
  if (userId === actorId) throw new AppError('conflict', 'You cannot suspend yourself.');
  return tx.transaction(async (tx) => {
    await requireRemainingMaintainer(userId, tx);
    const before = await lockUser(userId, tx);
    if (before.suspendedAt) throw new AppError('conflict', 'This account is suspended already.');
    const [user] = await tx
      .update(users)
      .set({ suspendedAt: sql`now()`, suspendedReason: said })
      .where(eq(users.id, userId))
      .returning();
    await recordEvent(actorId, { kind: 'suspended', userId, reason: said }, tx);
    await notify([userId], { kind: 'account', text: `Your account was suspended: ${said}`, link: '/account' }, tx);
    return user;
  });
}

export async function liftSuspension(
  userId: string,
  actorId: string | null,
  reason: string,
  tx: Tx = db(),
): Promise<User> {
  const said = requireReason(reason);
  return tx.transaction(async (tx) => {
    const before = await lockUser(userId, tx);
    if (!before.suspendedAt) throw new AppError('conflict', 'This account is not suspended (any more).');
    const [user] = await tx
      .update(users)
      .set({ suspendedAt: null, suspendedReason: null })
      .where(eq(users.id, userId))
      .returning();
    await recordEvent(actorId, { kind: 'suspension-lifted', userId, reason: said }, tx);
    const text = `Your account is no longer suspended: ${said}`;
    await notify([userId], { kind: 'account', text, link: '/account' }, tx);
    return user;
  });
}

function requireReason(reason: string): string {
  const said = reason.trim();
  if (!said) throw new AppError('invalid', 'A reason is needed. The person reads it.');
  if (said.length > 1000) throw new AppError('invalid', 'At most 1,000 characters.');
  return said;
}

// --- merging ---

/** References to a person that move unchanged. A test compares this list with the database's foreign keys. */
const MOVING = {
  submissions: submissions.userId,
  methods: methods.userId,
  providers: accounts.userId,
  uploads: uploads.userId,
  notices: notices.userId,
  'verification marks': submissions.verifiedBy,
  'team invitations': teamInvitations.createdBy,
  'ground truth versions': groundTruthVersions.createdBy,
  're-scores': rescores.createdBy,
  'ground truth sent in': groundTruthImports.createdBy,
  'task settings': taskSettings.updatedBy,
  announcements: announcements.createdBy,
  'decisions about label errors': labelErrors.decidedBy,
  'classes made': classes.createdBy,
  'published numbers': publishedNumbers.createdBy,
  'reported problems': problemReports.userId,
  'settled problems': problemReports.settledBy,
} as const satisfies Record<string, AnyPgColumn>;
/**
 * References that merging handles separately: it combines memberships and ends sessions, API tokens, sign-in links and
 * device logins.
 */
const HANDLED = [
  teamMembers.userId,
  classMembers.userId,
  apiTokens.userId,
  submitCalls.userId,
  sessions.userId,
  signInLinks.userId,
  signInLinks.createdBy,
  deviceLogins.userId,
] as const;

/** Every reference to a person that merging takes care of, as `table.column`. */
export const MERGED_REFERENCES: readonly string[] = [...Object.values(MOVING), ...HANDLED].map(
  (column) => `${getTableName(column.table)}.${column.name}`,
);

export interface MergePreview {
  kept: User;
  gone: User;
  /** number of rows of each kind that move; kinds without rows are absent */
  moves: Record<string, number>;
  teams: { name: string; role: string }[];
  /** number of the other account's browsers, which are signed out */
  sessions: number;
  /** changed properties of the kept account */
  becomes: Partial<Pick<User, 'name' | 'email' | 'affiliation' | 'orcid' | 'role'>> & { suspended?: true };
  /** an address that is lost, because the kept account already has one */
  lostEmail: string | null;
}

/** Return what merging `goneId` into `keptId` would do. Change nothing. */
export async function previewMerge(keptId: string, goneId: string, tx: Tx = db()): Promise<MergePreview> {
  const [kept, gone] = await findBoth(keptId, goneId, tx);
  const moves: Record<string, number> = {};
  for (const [kind, column] of Object.entries(MOVING)) {
    const [{ n }] = await tx.select({ n: count() }).from(column.table).where(eq(column, goneId));
    if (n > 0) moves[kind] = n;
  }
  const [ledger] = await tx
    .select({ n: count() })
    .from(quotaLedger)
    .where(eq(quotaLedger.holder, userHolder(goneId)));
  if (ledger.n > 0) moves['quota lines'] = ledger.n;
  const memberships = await tx
    .select({ name: teams.name, role: teamMembers.role })
    .from(teamMembers)
    .innerJoin(teams, eq(teams.id, teamMembers.teamId))
    .where(eq(teamMembers.userId, goneId))
    .orderBy(teams.name);
  const [open] = await tx.select({ n: count() }).from(sessions).where(eq(sessions.userId, goneId));
  const { suspendedAt, suspendedReason: _, emailVerified: __, ...becomes } = columnsTakenOver(kept, gone);
  return {
    kept,
    gone,
    moves,
    teams: memberships,
    sessions: open.n,
    becomes: { ...becomes, ...(suspendedAt && { suspended: true }) },
    lostEmail: kept.email && gone.email ? gone.email : null,
  };
}

/**
 * Merge two accounts of one person. Move everything of `goneId` to `keptId`, sign its browsers out and delete it.
 * Methods of the same name stay two methods. The audit log cannot be changed; when it is read, it shows the kept
 * account's name for actions of the other one.
 *
 * @returns how many rows of each kind moved
 * @throws AppError `conflict` if they have two ORCID iDs and so cannot belong to one person
 */
export async function mergeAccounts(
  { keptId, goneId, reason }: { keptId: string; goneId: string; reason: string },
  actorId: string | null,
  tx: Tx = db(),
): Promise<Record<string, number>> {
  const said = reason.trim();
  if (!said) throw new AppError('invalid', 'A reason is needed. The person reads it.');
  if (goneId === actorId)
    throw new AppError('conflict', 'This would remove the account you are signed in with. Merge the other way round.');
  const merge = async (tx: Tx) => {
    await lockForLeaving([keptId, goneId], [goneId], tx);
    const [kept, gone] = await findBoth(keptId, goneId, tx);
    const moved: Record<string, number> = {};
    for (const [kind, column] of Object.entries(MOVING)) {
      const rows = await tx
        .update(column.table)
        .set({ [columnKey(column)]: keptId })
        .where(eq(column, goneId))
        .returning({ one: column });
      if (rows.length > 0) moved[kind] = rows.length;
    }
    const lines = await tx
      .update(quotaLedger)
      .set({ holder: userHolder(keptId) })
      .where(eq(quotaLedger.holder, userHolder(goneId)))
      .returning({ id: quotaLedger.id });
    await tx
      .update(quotaLedger)
      .set({ person: userHolder(keptId) })
      .where(eq(quotaLedger.person, userHolder(goneId)));
    if (lines.length > 0) moved['quota lines'] = lines.length;
    const joined = await joinTeams(keptId, goneId, tx);
    if (joined > 0) moved.teams = joined;
    await joinClasses(keptId, goneId, tx);
    // nobody gets the rights of another account by a token they made long ago
    await revokeAllTokens(goneId, tx);
    const changes = columnsTakenOver(kept, gone);
    await tx.delete(users).where(eq(users.id, goneId)); // ends its sessions; what is unique is free now
    if (Object.keys(changes).length > 0) await tx.update(users).set(changes).where(eq(users.id, keptId));
    await requireActingMaintainer([kept, gone], tx);
    await recordEvent(
      actorId,
      {
        kind: 'accounts-merged',
        userId: keptId,
        mergedUserId: goneId,
        reason: said,
        moved,
      },
      tx,
    );
    await notify(
      [keptId],
      {
        kind: 'account',
        text: `A maintainer has merged another account of yours into this one: ${said}`,
        link: '/account',
      },
      tx,
    );
    return moved;
  };
  return retryDeadlocks(() => tx.transaction(merge), tx);
}

async function findBoth(keptId: string, goneId: string, tx: Tx): Promise<[User, User]> {
  if (keptId === goneId) throw new AppError('invalid', 'These are one account already.');
  const found = await tx
    .select()
    .from(users)
    .where(inArray(users.id, [keptId, goneId]));
  const [kept, gone] = [keptId, goneId].map((id) => found.find((user) => user.id === id));
  if (!kept || !gone) throw new AppError('not-found', 'One of these accounts is not there (any more).');
  if (kept.orcid && gone.orcid)
    throw new AppError('conflict', 'Both accounts have an ORCID iD of their own, and a person has one.');
  return [kept, gone];
}

/** Return what the kept account takes over: missing fields, the higher role, and a suspension of either account. */
function columnsTakenOver(kept: User, gone: User): Partial<User> {
  const changes: Partial<User> = {};
  for (const key of ['name', 'affiliation', 'orcid', 'image'] as const)
    if (kept[key] === null && gone[key] !== null) changes[key] = gone[key];
  if (kept.email === null && gone.email !== null) {
    changes.email = gone.email;
    changes.emailVerified = gone.emailVerified;
  }
  if (kept.role !== 'maintainer' && gone.role === 'maintainer') changes.role = 'maintainer';
  if (kept.suspendedAt === null && gone.suspendedAt !== null) {
    changes.suspendedAt = gone.suspendedAt;
    changes.suspendedReason = gone.suspendedReason;
  }
  return changes;
}

async function joinTeams(keptId: string, goneId: string, tx: Tx): Promise<number> {
  const theirs = await tx.select().from(teamMembers).where(eq(teamMembers.userId, goneId));
  for (const { teamId, role } of theirs) {
    const membership = (userId: string) => and(eq(teamMembers.teamId, teamId), eq(teamMembers.userId, userId));
    const [already] = await tx.select().from(teamMembers).where(membership(keptId));
    if (!already) await tx.update(teamMembers).set({ userId: keptId }).where(membership(goneId));
    else if (role === 'owner') await tx.update(teamMembers).set({ role }).where(membership(keptId));
  }
  return theirs.length;
}

/** Where both are in a class, the kept account's membership stays. */
async function joinClasses(keptId: string, goneId: string, tx: Tx): Promise<void> {
  const already = tx.select({ id: classMembers.classId }).from(classMembers).where(eq(classMembers.userId, keptId));
  await tx
    .update(classMembers)
    .set({ userId: keptId })
    .where(and(eq(classMembers.userId, goneId), notInArray(classMembers.classId, already)));
}

/** Throw if taking over a suspension would leave the site without a maintainer who can act. */
async function requireActingMaintainer(before: readonly User[], tx: Tx): Promise<void> {
  if (!before.some(({ role, suspendedAt }) => role === 'maintainer' && suspendedAt === null)) return;
  // No lock, which would be out of order: whoever takes a maintainer away first locks all, as this transaction did.
  const now = await tx.select().from(users).where(eq(users.role, 'maintainer'));
  if (!now.some(({ suspendedAt }) => suspendedAt === null))
    throw new AppError('conflict', 'This would suspend the last maintainer. Lift the suspension first.');
}

/** Return the name of a column in its table's object. */
function columnKey(column: AnyPgColumn): string {
  const [key] = Object.entries(column.table).find(([, one]) => one === column) ?? [];
  if (!key) throw new Error(`${column.name} is no column of its table`);
  return key;
}
