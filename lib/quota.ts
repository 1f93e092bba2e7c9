/**
 * How many scored submissions a holder may have: `limit` in any window of `days` days. A submission reserves a place
 * when it comes in; a score turns the reservation into a charge, any other outcome releases it. Pure: computes the
 * standing from the ledger's lines.
 *
 * No window ever holds more charges than the limit: of those charged in a window, consider the one reserved last. At
 * that moment each of the others was either charged within the window or still open, and both were counted.
 */

export const QUOTA_KINDS = ['reserved', 'charged', 'returned', 'granted'] as const;
type QuotaKind = (typeof QUOTA_KINDS)[number];

/** Who holds places: a person or a team. */
export type QuotaHolder = `user:${string}` | `team:${string}`;

export function userHolder(userId: string): QuotaHolder {
  return `user:${userId}`;
}

export function teamHolder(teamId: string): QuotaHolder {
  return `team:${teamId}`;
}

/** Return the holder of a submission's place; null if it belongs to nobody. */
export function holderOf({ userId, teamId }: { userId: string | null; teamId: string | null }): QuotaHolder | null {
  if (teamId !== null) return teamHolder(teamId);
  return userId === null ? null : userHolder(userId);
}

/** Parse the id of a holder; null for any other text. */
export function parseHolder(text: string): { kind: 'user' | 'team'; id: string } | null {
  const [, kind, id] = /^(user|team):(.+)$/.exec(text) ?? [];
  return kind ? { kind: kind === 'team' ? 'team' : 'user', id } : null;
}

export interface QuotaRule {
  /** scored submissions in a window; null: no limit */
  limit: number | null;
  /** length of the window */
  days: number;
}

/** The fields of a ledger line that count. */
export interface QuotaEntry {
  kind: QuotaKind;
  at: Date;
  amount: number;
  submissionId: string | null;
  /** for a grant: when it ends; null: never */
  expiresAt: Date | null;
}

export interface QuotaStanding {
  /** including grants; null: no limit */
  limit: number | null;
  /** places that maintainers granted beyond the rule */
  granted: number;
  days: number;
  /** charged within the window */
  charged: number;
  /** places held by submissions without a score yet */
  reserved: number;
  /** places left; null: no limit */
  left: number | null;
  /**
   * when a place becomes free; null if one is free now. Reserved places count as if charged now; they become free
   * sooner if their submission gets no score.
   */
  nextSlotAt: Date | null;
}

const DAY = 24 * 3600_000;

/** Return a holder's standing at `now`, from all lines of the holder and the task that are within a window, or open. */
export function quotaStanding(rule: QuotaRule, entries: readonly QuotaEntry[], now: Date): QuotaStanding {
  const window = rule.days * DAY;
  const settled = new Set(
    entries.flatMap(({ kind, submissionId }) => (kind === 'charged' || kind === 'returned' ? [submissionId] : [])),
  );
  // a reservation whose submission no longer exists holds nothing
  const reserved = entries.filter(
    ({ kind, submissionId }) => kind === 'reserved' && submissionId !== null && !settled.has(submissionId),
  ).length;
  const charges = entries
    .filter(({ kind, at }) => kind === 'charged' && at.getTime() > now.getTime() - window)
    .map(({ at }) => at.getTime())
    .sort((a, b) => a - b);
  const grants = entries.filter(({ kind }) => kind === 'granted');
  const grantedAt = (time: number) =>
    grants.reduce((sum, { amount, expiresAt }) => sum + (!expiresAt || expiresAt.getTime() > time ? amount : 0), 0);

  const granted = grantedAt(now.getTime());
  const shared = { granted, days: rule.days, charged: charges.length, reserved };
  if (rule.limit === null) return { limit: null, left: null, nextSlotAt: null, ...shared };
  const limit = rule.limit + granted;
  const left = Math.max(0, limit - charges.length - reserved);
  if (left > 0) return { limit, left, nextSlotAt: null, ...shared };

  // a place opens when enough charges have left the window; a grant may have ended by then
  const leaving = [...charges, ...Array.from({ length: reserved }, () => now.getTime())].map((at) => at + window);
  const opens = leaving.find((time, index) => leaving.length - (index + 1) < (rule.limit ?? 0) + grantedAt(time));
  return { limit, left, nextSlotAt: opens === undefined ? null : new Date(opens), ...shared };
}

/** Return the rule in words: `5 scored submissions in 7 days`. */
export function quotaInWords({ limit, days }: Pick<QuotaStanding, 'limit' | 'days'>): string {
  if (limit === null) return 'as many submissions as you like';
  return `${limit} scored submission${limit === 1 ? '' : 's'} in ${days === 1 ? 'a day' : `${days} days`}`;
}
