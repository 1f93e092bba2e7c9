/**
 * The quota ledger. The transaction that creates a submission reserves a place, under a lock of its holder. The one that
 * saves the score turns the reservation into a charge; the one that ends the submission otherwise returns it. So two
 * submissions never get the last place, and no place is lost.
 *
 * Submissions to demo data sets and seeded ones, which belong to nobody, do not count. Re-scores never count.
 */
import { and, desc, eq, gt, inArray, ne, or, type SQL, sql } from 'drizzle-orm';
import { recordEvent } from '#db/audit.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { notify } from '#db/notices/notices.ts';
import {
  datasets,
  type QuotaLine,
  quotaLedger,
  type Submission,
  submissions,
  teamMembers,
  teams,
  users,
} from '#db/schema.ts';
import { env } from '#lib/env.ts';
import { AppError } from '#lib/errors.ts';
import { moment } from '#lib/format.ts';
import {
  holderOf,
  parseHolder,
  type QuotaHolder,
  type QuotaRule,
  type QuotaStanding,
  quotaInWords,
  quotaStanding,
  teamHolder,
  userHolder,
} from '#lib/quota.ts';
import { listOpenTasks, parseTask } from '#lib/tasks/index.ts';
import { getTaskRules, listTaskRules } from './task-settings.ts';

/** Return a holder's standing with a task. Pass `rule` if it has been read already. */
export async function getQuota(
  holder: QuotaHolder,
  task: string,
  options: { rule?: QuotaRule } = {},
  tx: Tx = db(),
): Promise<QuotaStanding> {
  const rule = options.rule ?? (await getTaskRules(task, tx)).quota;
  const settled = sql`exists (select 1 from ${quotaLedger} as later where later.submission_id = ${quotaLedger.submissionId} and later.kind in ('charged', 'returned'))`;
  const counts = or(
    and(
      eq(quotaLedger.kind, 'charged'),
      gt(quotaLedger.at, sql`clock_timestamp() - make_interval(days => ${rule.days}::int)`),
    ),
    and(eq(quotaLedger.kind, 'reserved'), sql`not ${settled}`),
    eq(quotaLedger.kind, 'granted'), // `quotaStanding` leaves out those that have run out
  );
  const entries = await tx
    .select()
    .from(quotaLedger)
    // a person's own and what they submitted for teams; of a team what anybody submitted for it
    .where(and(or(eq(quotaLedger.holder, holder), eq(quotaLedger.person, holder)), eq(quotaLedger.task, task), counts));
  return quotaStanding(rule, entries, await readClock(tx));
}

/** A holder's standing with a task. */
interface Places extends QuotaStanding {
  holder: QuotaHolder;
  task: string;
}

/** Return the holders' standing with every open task. */
export async function listPlaces(holders: readonly QuotaHolder[], tx: Tx = db()): Promise<Places[]> {
  if (holders.length === 0) return [];
  const rules = await listTaskRules(tx);
  const found: Places[] = [];
  for (const holder of holders)
    for (const { id: task } of listOpenTasks())
      found.push({ holder, task, ...(await getQuota(holder, task, { rule: rules[task].quota }, tx)) });
  return found;
}

/** Return the database's time, which all processes share and which dates the lines. */
async function readClock(tx: Tx): Promise<Date> {
  const [{ now }] = await tx.execute<{ now: string }>(
    sql`select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as now`,
  );
  return new Date(now);
}

/** Lock a holder until the transaction ends; for all tasks, because one upload may serve several. */
async function lockHolder(holder: QuotaHolder, tx: Tx): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`quota ${holder}`}, 0))`);
}

/**
 * Reserve a place for a submission that was just created, of its holder and of the person who submits it, so that
 * founding teams gives no further places.
 *
 * @throws AppError `quota`, with the next slot, if either has none left; `too-many` if either has too much open, or
 * the person has sent in too much within a day
 */
export async function reservePlace(submission: Submission, tx: Tx): Promise<void> {
  const holder = holderOf(submission);
  if (holder === null || submission.demo) return;
  const person = submission.userId === null ? null : userHolder(submission.userId);
  // in one order, so that no two wait for each other
  for (const one of [...new Set([holder, person ?? holder])].sort()) await lockHolder(one, tx);
  await requireTurn(submission, tx);
  if (await isDemo(submission, tx)) return;
  const { task, id: submissionId } = submission;
  const standing = await getQuota(holder, task, {}, tx);
  if (standing.left === 0) throw quotaError(task, holder, standing);
  if (person !== null && person !== holder) {
    // what a maintainer granted the team, its members may use
    const { quota } = await getTaskRules(task, tx);
    const rule = { ...quota, limit: quota.limit === null ? null : quota.limit + standing.granted };
    const own = await getQuota(person, task, { rule }, tx);
    if (own.left === 0) throw quotaError(task, person, own);
  }
  await tx
    .insert(quotaLedger)
    .values({ holder, person, task, kind: 'reserved', submissionId, reason: 'submitted', at: sql`clock_timestamp()` });
}

/** Count the waiting and running submissions of a person and a team except this one, including those to the demo. */
export async function countOpen({ userId, teamId, id }: Pick<Submission, 'userId' | 'teamId' | 'id'>, tx: Tx) {
  const open = and(inArray(submissions.state, ['queued', 'scoring']), ne(submissions.id, id));
  const [row] = await tx
    .select({
      person: sql<number>`count(*) filter (where ${submissions.userId} = ${userId})::int`,
      team: sql<number>`count(*) filter (where ${submissions.teamId} = ${teamId})::int`,
    })
    .from(submissions)
    .where(open);
  return row;
}

/** Scoring is for everybody: a person and a team have a bounded share of it, however their submissions end. */
async function requireTurn(submission: Submission, tx: Tx): Promise<void> {
  const { LIVECELL_OPEN_JOBS: most, LIVECELL_RUNS_PER_DAY: runs } = env();
  const open = await countOpen(submission, tx);
  if (most > 0 && (open.person >= most || open.team >= most))
    throw new AppError(
      'too-many',
      `${open.person >= most ? 'You have' : 'Your team has'} ${most} submissions that wait or are being scored, and that is as many as may be open at once. Wait for one of them, or take one out of the queue.`,
    );
  if (runs === 0 || submission.userId === null) return;
  const [{ today }] = await tx
    .select({ today: sql<number>`count(*)::int` })
    .from(submissions)
    .where(and(eq(submissions.userId, submission.userId), gt(submissions.createdAt, sql`now() - interval '1 day'`)));
  if (today > runs)
    throw new AppError(
      'too-many',
      `You have sent in ${runs} submissions within a day, those included that were withdrawn, rejected or for practice. Please go on tomorrow, or score files on your own machine: livecell score.`,
    );
}

/** Return whether only demo data sets are scored. A task whose slots are data sets scores all of them that have files. */
async function isDemo({ task, datasetId }: Submission, tx: Tx): Promise<boolean> {
  const ofTask = parseTask(task)?.slots.length === 0;
  const sets = await tx
    .select({ demo: datasets.demo })
    .from(datasets)
    .where(ofTask ? eq(datasets.task, task) : eq(datasets.id, datasetId));
  return sets.every(({ demo }) => demo);
}

function quotaError(task: string, holder: QuotaHolder, standing: QuotaStanding): AppError {
  const { charged, reserved, limit, days, nextSlotAt } = standing;
  const name = parseTask(task)?.name ?? task;
  const whose = parseHolder(holder)?.kind === 'team' ? 'Your team has' : 'You have';
  const open = reserved > 0 ? `, and ${reserved} more without a score yet` : '';
  const next = nextSlotAt ? ` Next slot at ${nextSlotAt.toISOString()} (${moment(nextSlotAt)})` : '';
  const sooner = reserved > 0 ? ', sooner if one that waits gets no score' : '';
  return new AppError(
    'quota',
    `${name} allows ${quotaInWords(standing)}. ${whose} ${charged} scored${open}.${next}${next && sooner}. Submissions without a score are not counted; a maintainer can grant more.`,
    {
      details: {
        task,
        used: charged + reserved,
        charged,
        reserved,
        limit,
        days,
        nextSlotAt: nextSlotAt?.toISOString() ?? null,
      },
    },
  );
}

/** Turn the reservation of a scored submission into a charge. One that is settled stays as it is. */
export async function chargePlace(submissionId: string, tx: Tx): Promise<void> {
  await settleReservation(submissionId, { kind: 'charged', reason: 'scored' }, tx);
}

/** Return the reservation of a submission that gets no score, with the reason. One that is settled stays as it is. */
export async function returnPlace(submissionId: string, reason: string, tx: Tx): Promise<void> {
  await settleReservation(submissionId, { kind: 'returned', reason }, tx);
}

async function settleReservation(
  submissionId: string,
  { kind, reason }: { kind: 'charged' | 'returned'; reason: string },
  tx: Tx,
): Promise<void> {
  await tx.execute(sql`
    insert into ${quotaLedger} (holder, person, task, kind, amount, submission_id, reason, at)
    select holder, person, task, ${kind}, amount, submission_id, ${reason}, clock_timestamp() from ${quotaLedger} as open
    where submission_id = ${submissionId} and kind = 'reserved' and not exists (
      select 1 from ${quotaLedger} as later
      where later.submission_id = open.submission_id and later.kind in ('charged', 'returned'))
    on conflict do nothing`);
}

interface NewGrant {
  holder: QuotaHolder;
  task: string;
  /** places beyond the rule's, in any window until `until` */
  amount: number;
  reason: string;
  until: Date;
}

/** Grant more places until a date, and notify the holder. */
export async function grantQuota(grant: NewGrant, actorId: string, tx: Tx = db()): Promise<QuotaLine> {
  const { holder, task, amount, until } = grant;
  const reason = grant.reason.trim();
  const name = parseTask(task)?.name;
  if (!name) throw new AppError('invalid', `There is no task “${task}”.`);
  if (!Number.isInteger(amount) || amount < 1 || amount > 1000)
    throw new AppError('invalid', 'Grant between 1 and 1,000 submissions.');
  if (!reason) throw new AppError('invalid', 'A grant needs a reason. The person or team reads it.');
  if (until.getTime() <= Date.now()) throw new AppError('invalid', 'A grant must end in the future.');
  return tx.transaction(async (tx) => {
    const people = await listPeopleOf(holder, tx);
    if (people.length === 0) throw new AppError('not-found', 'There is no such person or team.');
    await lockHolder(holder, tx);
    const before = await getQuota(holder, task, {}, tx);
    const [line] = await tx
      .insert(quotaLedger)
      .values({ holder, task, kind: 'granted', amount, reason, actorId, expiresAt: until })
      .returning();
    const after = before.limit === null ? null : before.limit + amount;
    await recordEvent(
      actorId,
      {
        kind: 'quota-granted',
        holder,
        task,
        amount,
        reason,
        until: until.toISOString(),
        before: before.limit,
        after,
      },
      tx,
    );
    await notify(
      people,
      {
        kind: 'quota-granted',
        text: `${amount} more scored ${amount === 1 ? 'submission' : 'submissions'} to ${name} granted until ${moment(until)}. Reason: ${reason}`,
        link: '/account?tab=quota',
      },
      tx,
    );
    return line;
  });
}

async function listPeopleOf(holder: QuotaHolder, tx: Tx): Promise<string[]> {
  const found = parseHolder(holder);
  if (found === null) return [];
  const { kind, id } = found;
  if (kind === 'team') {
    const members = await tx.select({ id: teamMembers.userId }).from(teamMembers).where(eq(teamMembers.teamId, id));
    return members.map(({ id }) => id);
  }
  return (await tx.select({ id: users.id }).from(users).where(eq(users.id, id))).map(({ id }) => id);
}

/** A line of the ledger with the names of its submission and holder. */
export interface LedgerLine extends QuotaLine {
  /** the submission's method; null: a grant, or the submission is gone */
  method: string | null;
  /** the person's or team's name */
  holderName: string | null;
}

/** Return lines of the ledger, newest first. */
export async function listLedger(
  filter: { holders?: readonly QuotaHolder[]; task?: string; limit?: number },
  tx: Tx = db(),
): Promise<LedgerLine[]> {
  const conditions: (SQL | undefined)[] = [
    filter.task === undefined ? undefined : eq(quotaLedger.task, filter.task),
    filter.holders &&
      (filter.holders.length === 0
        ? sql`false`
        : or(...filter.holders.map((holder) => eq(quotaLedger.holder, holder)))),
  ];
  const rows = await tx
    .select({ line: quotaLedger, method: submissions.method, person: users.name, team: teams.name })
    .from(quotaLedger)
    .leftJoin(submissions, eq(submissions.id, quotaLedger.submissionId))
    .leftJoin(users, eq(quotaLedger.holder, sql`${userHolder('')} || ${users.id}`))
    .leftJoin(teams, eq(quotaLedger.holder, sql`${teamHolder('')} || ${teams.id}`))
    .where(and(...conditions))
    .orderBy(desc(quotaLedger.id))
    .limit(filter.limit ?? 50);
  return rows.map(({ line, method, person, team }) => ({ ...line, method, holderName: team ?? person }));
}
