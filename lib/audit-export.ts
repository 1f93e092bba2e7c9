/** The audit log as files: CSV for spreadsheets, JSON lines for programs. */
import { type AuditEvent, auditChanges, auditReason, auditSentence } from './audit.ts';
import { guardFormula, quoteField } from './csv.ts';

/** One line of an exported log. */
interface ExportedEvent {
  id: number;
  at: Date;
  actorId: string | null;
  actorName: string | null;
  submissionId: string | null;
  method: string | null;
  subject: { id: string; name: string | null } | null;
  event: AuditEvent;
}

const HEADER = [
  ...['id', 'at', 'kind', 'actor', 'actor_id', 'subject', 'subject_id', 'submission', 'method'],
  ...['what', 'why', 'before', 'after', 'detail'],
];

/** RFC 4180; times in ISO 8601; `before`, `after` and `detail` as JSON. */
export const AUDIT_CSV_HEADER = `${HEADER.join(',')}\r\n`;

export function auditCsvRow({
  id,
  at,
  actorId,
  actorName,
  submissionId,
  method,
  subject,
  event,
}: ExportedEvent): string {
  const changes = Object.entries(auditChanges(event));
  const part = (side: 'before' | 'after') =>
    changes.length > 0 ? JSON.stringify(Object.fromEntries(changes.map(([key, change]) => [key, change[side]]))) : '';
  const { kind, ...detail } = event;
  const cells = [
    ...[id, at.toISOString(), kind, actorName ?? '', actorId ?? '', subject?.name ?? '', subject?.id ?? ''],
    ...[submissionId ?? '', method ?? '', auditSentence(event), auditReason(event) ?? ''],
    ...[part('before'), part('after'), JSON.stringify(detail)],
  ];
  return `${cells.map((cell) => quoteField(typeof cell === 'string' ? guardFormula(cell) : cell)).join(',')}\r\n`;
}

export function auditJsonLine({ event, at, ...rest }: ExportedEvent): string {
  const { kind, ...detail } = event;
  const line = { ...rest, at: at.toISOString(), kind, what: auditSentence(event), why: auditReason(event), detail };
  return `${JSON.stringify(line)}\n`;
}
