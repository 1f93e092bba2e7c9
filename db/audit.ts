/** The record of decisions. Each line is written in the same transaction as its change and can never be altered. */
import { and, asc, count, desc, eq, gte, inArray, lt, or, type SQL, sql } from 'drizzle-orm';
import { type AuditEvent, type AuditKind, auditEventSchema, type Changes } from '#lib/audit.ts';
import { db, type Tx } from './engine/client.ts';
import { auditEvents, submissions, users } from './schema.ts';

interface RecordedEvent {
  id: number;
  at: Date;
  actorId: string | null;
  /** null: the site itself, or a person whose account is deleted */
  actorName: string | null;
  event: AuditEvent;
}

/** Return the columns that an update really changed, before and after, for the audit log. */
export function changesOf<Row extends object>(before: Row, after: Row, keys: readonly (keyof Row & string)[]): Changes {
  const plain = (value: unknown) => (value instanceof Date ? value.toISOString() : (value ?? null));
  return Object.fromEntries(
    keys
      .map((key) => [key, { before: plain(before[key]), after: plain(after[key]) }] as const)
      .filter(([, { before, after }]) => JSON.stringify(before) !== JSON.stringify(after)),
  );
}

export async function recordEvent(actorId: string | null, event: AuditEvent, tx: Tx): Promise<void> {
  const { kind, ...detail } = auditEventSchema.parse(event);
  const submissionId = 'submissionId' in event ? event.submissionId : null;
  await tx.insert(auditEvents).values({ actorId, kind, submissionId, detail });
}

const EVENT_COLUMNS = {
  id: auditEvents.id,
  at: auditEvents.at,
  actorId: auditEvents.actorId,
  actorName: users.name,
  kind: auditEvents.kind,
  detail: auditEvents.detail,
};

function selectEvents(tx: Tx) {
  return tx.select(EVENT_COLUMNS).from(auditEvents).leftJoin(users, eq(users.id, auditEvents.actorId));
}

type Row = Awaited<ReturnType<typeof selectEvents>>[number];

function toEvent({ id, at, actorId, actorName, kind, detail }: Row): RecordedEvent {
  return { id, at, actorId, actorName, event: auditEventSchema.parse({ kind, ...detail }) };
}

/** Return the history of a submission, oldest first. */
export async function listEvents(submissionId: string, tx: Tx = db()): Promise<RecordedEvent[]> {
  const rows = await selectEvents(tx).where(eq(auditEvents.submissionId, submissionId)).orderBy(auditEvents.id);
  return nameMerged(rows.map(toEvent), tx);
}

// --- the maintainers' log ---

export interface AuditLine extends RecordedEvent {
  submissionId: string | null;
  /** method of the submission; null if it is deleted or the event concerns none */
  method: string | null;
  /** the person affected, if it is not the actor */
  subject: { id: string; name: string | null } | null;
}

export interface AuditFilter {
  kind?: AuditKind;
  /** id of a person, or part of a name or e-mail address: of the actor or of the person affected */
  person?: string;
  submission?: string;
  /** first day (UTC), included */
  from?: Date;
  /** last day (UTC), included */
  to?: Date;
  /** text to find in the recorded data or the method's name */
  text?: string;
}

/** Return one page of the log, newest first. */
export async function listAudit(
  filter: AuditFilter,
  { page = 1, size = 100 }: { page?: number; size?: number } = {},
  tx: Tx = db(),
): Promise<{ lines: AuditLine[]; total: number }> {
  const where = await buildCondition(filter, tx);
  const [{ total }] = await selectTotal(tx).where(where);
  const rows = await selectLines(tx)
    .where(where)
    .orderBy(desc(auditEvents.id))
    .limit(size)
    .offset((page - 1) * size);
  return { lines: await nameMerged(rows.map(toLine), tx), total };
}

/** Yield all events that match the filter, oldest first, in batches of some hundred: for export to files. */
export async function* readAudit(
  filter: AuditFilter,
  { size = 500 }: { size?: number } = {},
  tx: Tx = db(),
): AsyncGenerator<AuditLine[]> {
  const where = await buildCondition(filter, tx);
  for (let after = 0; ; ) {
    const rows = await selectLines(tx)
      .where(and(where, sql`${auditEvents.id} > ${after}`))
      .orderBy(asc(auditEvents.id))
      .limit(size);
    if (rows.length > 0) yield await nameMerged(rows.map(toLine), tx);
    if (rows.length < size) return;
    after = rows[rows.length - 1].id;
  }
}

const DECISIONS: AuditKind[] = [
  'problem-settled',
  ...(['approved', 'asked-back', 'declined', 'hidden', 'restored', 'verified', 'verification-revoked'] as const),
];

/** Return the maintainers' latest decisions about entries. */
export async function listDecisions(limit: number, tx: Tx = db()): Promise<AuditLine[]> {
  const rows = await selectLines(tx)
    .where(inArray(auditEvents.kind, DECISIONS))
    .orderBy(desc(auditEvents.id))
    .limit(limit);
  return nameMerged(rows.map(toLine), tx);
}

/** SQL for the person whom an event affected. */
const subjectId = sql<string | null>`${auditEvents.detail} ->> 'userId'`;

function selectLines(tx: Tx) {
  return tx
    .select({
      ...EVENT_COLUMNS,
      submissionId: auditEvents.submissionId,
      method: submissions.method,
      subjectId,
      subjectName: sql<string | null>`(select name from users as subject where subject.id = ${subjectId})`,
    })
    .from(auditEvents)
    .leftJoin(users, eq(users.id, auditEvents.actorId))
    .leftJoin(submissions, eq(submissions.id, auditEvents.submissionId))
    .$dynamic();
}

function selectTotal(tx: Tx) {
  return tx
    .select({ total: count() })
    .from(auditEvents)
    .leftJoin(submissions, eq(submissions.id, auditEvents.submissionId))
    .$dynamic();
}

function toLine(row: Awaited<ReturnType<typeof selectLines>>[number]): AuditLine {
  const { submissionId, method, subjectId: subject, subjectName } = row;
  return {
    ...toEvent(row),
    submissionId,
    method,
    subject: subject && subject !== row.actorId ? { id: subject, name: subjectName } : null,
  };
}

async function buildCondition(filter: AuditFilter, tx: Tx): Promise<SQL | undefined> {
  const { kind, person, submission, from, to, text } = filter;
  const like = (words: string) => `%${words.replace(/[\\%_]/g, '\\$&')}%`;
  const people = person ? await findPersonIds(person, like(person), tx) : [];
  return and(
    kind && eq(auditEvents.kind, kind),
    person
      ? people.length > 0
        ? or(inArray(auditEvents.actorId, people), inArray(subjectId, people))
        : sql`false`
      : undefined,
    submission ? eq(auditEvents.submissionId, submission) : undefined,
    from && gte(auditEvents.at, from),
    to && lt(auditEvents.at, new Date(to.getTime() + 24 * 3600_000)),
    text
      ? or(sql`${auditEvents.detail}::text ilike ${like(text)}`, sql`${submissions.method} ilike ${like(text)}`)
      : undefined,
  );
}

/** Return the accounts that match, with those merged into them. The id of a deleted account matches, too. */
async function findPersonIds(person: string, like: string, tx: Tx): Promise<string[]> {
  const found = await tx
    .select({ id: users.id })
    .from(users)
    .where(or(eq(users.id, person), sql`${users.name} ilike ${like}`, sql`${users.email} ilike ${like}`));
  const ids = new Set([...found.map(({ id }) => id), person]);
  // oldest merge last, because an account may have been merged into one that was itself merged later
  const merges = [...(await listMerges(tx))].reverse();
  for (const [gone, kept] of merges) if (ids.has(kept)) ids.add(gone);
  return [...ids];
}

/** Return the merged accounts with the accounts they became part of, oldest first. */
async function listMerges(tx: Tx): Promise<Map<string, string>> {
  const merges = await tx
    .select({ gone: sql<string>`${auditEvents.detail} ->> 'mergedUserId'`, kept: sql<string>`${subjectId}` })
    .from(auditEvents)
    .where(eq(auditEvents.kind, 'accounts-merged'))
    .orderBy(auditEvents.id);
  return new Map(merges.map(({ gone, kept }) => [gone, kept]));
}

/** Replace the name on events of merged accounts at reading time, because lines of the log cannot be changed. */
async function nameMerged<Event extends RecordedEvent>(events: Event[], tx: Tx): Promise<Event[]> {
  if (events.every(({ actorId, actorName }) => actorId === null || actorName !== null)) return events;
  const merges = await listMerges(tx);
  if (merges.size === 0) return events;
  const nowOf = (id: string) => {
    let now = id;
    for (let into = merges.get(now); into !== undefined; into = merges.get(now)) now = into;
    return now;
  };
  const ids = new Set(events.flatMap(({ actorId }) => (actorId && merges.has(actorId) ? nowOf(actorId) : [])));
  if (ids.size === 0) return events;
  const people = await tx
    .select({ id: users.id, name: users.name })
    .from(users)
    .where(inArray(users.id, [...ids]));
  const names = new Map(people.map(({ id, name }) => [id, name]));
  return events.map((event) =>
    event.actorId && merges.has(event.actorId)
      ? { ...event, actorName: names.get(nowOf(event.actorId)) ?? null }
      : event,
  );
}
