/**
 * Every decision and change of an entry, as data: who, what, why. Adding an event is one schema and one sentence here.
 */
import { z } from 'zod';
import type { ProtocolId } from './coco/protocol.ts';

const about = { submissionId: z.string() };

export const auditEventSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('submitted'), ...about, task: z.string(), method: z.string() }),
  z.object({ kind: z.literal('scored'), ...about, protocols: z.array(z.string()), attempt: z.int() }),
  z.object({ kind: z.literal('rejected'), ...about, problems: z.int() }),
  z.object({ kind: z.literal('returned'), ...about, reason: z.string() }),
  z.object({ kind: z.literal('failed'), ...about, reason: z.string() }),
  z.object({ kind: z.literal('publication-requested'), ...about }),
  z.object({ kind: z.literal('approved'), ...about }),
  z.object({ kind: z.literal('hidden'), ...about, reason: z.string() }),
  z.object({ kind: z.literal('unpublished'), ...about }),
  z.object({ kind: z.literal('withdrawn'), ...about }),
  z.object({ kind: z.literal('dataset-registered'), datasetId: z.string(), name: z.string(), sha256: z.string() }),
  z.object({ kind: z.literal('role-changed'), userId: z.string(), role: z.string() }),
  z.object({ kind: z.literal('token-created'), userId: z.string(), name: z.string() }),
  z.object({ kind: z.literal('token-revoked'), userId: z.string(), name: z.string() }),
]);
export type AuditEvent = z.infer<typeof auditEventSchema>;
export type AuditKind = AuditEvent['kind'];

/** The event in words, to stand after a name and before a time. */
export function auditSentence(event: AuditEvent): string {
  switch (event.kind) {
    case 'submitted':
      return `submitted “${event.method}” to ${event.task}`;
    case 'scored':
      return `scored under ${(event.protocols as ProtocolId[]).join(', ')}`;
    case 'rejected':
      return event.problems === 1 ? 'rejected: one problem in the file' : `rejected: ${event.problems} problems`;
    case 'returned':
      return `put back into the queue: ${event.reason}`;
    case 'failed':
      return `failed on our side: ${event.reason}`;
    case 'publication-requested':
      return 'asked to publish';
    case 'approved':
      return 'approved and published';
    case 'hidden':
      return `hidden: ${event.reason}`;
    case 'unpublished':
      return 'taken off the leaderboard';
    case 'withdrawn':
      return 'withdrawn';
    case 'dataset-registered':
      return `registered ground truth “${event.name}”`;
    case 'role-changed':
      return `made ${event.role}`;
    case 'token-created':
      return `created the token “${event.name}”`;
    case 'token-revoked':
      return `revoked the token “${event.name}”`;
  }
}
