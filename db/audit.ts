/** The record of decisions. Written in the transaction of the change it records. */
import { desc, eq } from 'drizzle-orm';
import { type AuditEvent, auditEventSchema } from '#lib/audit.ts';
import { db, type Tx } from './client.ts';
import { auditEvents, users } from './schema.ts';

export interface RecordedEvent {
  id: number;
  at: Date;
  actorId: string | null;
  /** null: the site itself, or someone who has left */
  actorName: string | null;
  event: AuditEvent;
}

export async function recordEvent(tx: Tx, actorId: string | null, event: AuditEvent): Promise<void> {
  const { kind, ...detail } = auditEventSchema.parse(event);
  const submissionId = 'submissionId' in event ? event.submissionId : null;
  await tx.insert(auditEvents).values({ actorId, kind, submissionId, detail });
}

function query(tx: Tx) {
  return tx
    .select({
      id: auditEvents.id,
      at: auditEvents.at,
      actorId: auditEvents.actorId,
      actorName: users.name,
      kind: auditEvents.kind,
      detail: auditEvents.detail,
    })
    .from(auditEvents)
    .leftJoin(users, eq(users.id, auditEvents.actorId));
}

type Row = Awaited<ReturnType<typeof query>>[number];

function toEvent({ kind, detail, ...rest }: Row): RecordedEvent {
  return { ...rest, event: auditEventSchema.parse({ kind, ...detail }) };
}

/** What happened to a submission, oldest first. */
export async function listEvents(submissionId: string, tx: Tx = db()): Promise<RecordedEvent[]> {
  const rows = await query(tx).where(eq(auditEvents.submissionId, submissionId)).orderBy(auditEvents.id);
  return rows.map(toEvent);
}

/** What happened last on the whole site, newest first. */
export async function listRecentEvents(limit = 100, tx: Tx = db()): Promise<RecordedEvent[]> {
  const rows = await query(tx).orderBy(desc(auditEvents.id)).limit(limit);
  return rows.map(toEvent);
}
