/** The audit log's filter as an address, the same for the page and its exports. */
import type { AuditFilter } from '#db/audit.ts';
import { AUDIT_KINDS } from '#lib/audit.ts';
import { one, type Params, withParams } from '../params.ts';

export function parseFilter(params: Params): AuditFilter {
  return {
    kind: AUDIT_KINDS.find((kind) => kind === one(params.kind)),
    person: one(params.person)?.trim(),
    submission: one(params.submission)?.trim(),
    from: dayOf(one(params.from)),
    to: dayOf(one(params.to)),
    text: one(params.text)?.trim(),
  };
}

export function filterHref(path: string, filter: AuditFilter, more: Record<string, string | undefined> = {}): string {
  const { from, to, ...rest } = filter;
  return withParams(path, { ...rest, from: isoDay(from), to: isoDay(to), ...more });
}

/** `2026-11-22`; anything else is no day. */
function dayOf(text: string | undefined): Date | undefined {
  if (!text || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const date = new Date(`${text}T00:00:00Z`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

export function isoDay(date: Date | undefined): string | undefined {
  return date?.toISOString().slice(0, 10);
}
