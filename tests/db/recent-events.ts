import { desc } from 'drizzle-orm';
import type { Client } from '#db/engine/client.ts';
import { auditEvents } from '#db/schema.ts';
import { auditEventSchema } from '#lib/audit.ts';

/** Return what was recorded last on the whole site, newest first. */
export async function listRecentEvents(limit: number, db: Client['db']) {
  const rows = await db.select().from(auditEvents).orderBy(desc(auditEvents.id)).limit(limit);
  return rows.map(({ id, actorId, kind, detail }) => ({
    id,
    actorId,
    event: auditEventSchema.parse({ kind, ...detail }),
  }));
}
