import { describe, expect, test } from 'vitest';
import { type QuotaEntry, quotaInWords, quotaStanding } from '#lib/quota.ts';
import fc from '#tests/properties.ts';

const DAY = 24 * 3600_000;
const START = Date.UTC(2026, 0, 1);
const on = (days: number) => new Date(START + days * DAY);

const line = (kind: QuotaEntry['kind'], days: number, more: Partial<QuotaEntry> = {}): QuotaEntry => ({
  kind,
  at: on(days),
  amount: 1,
  submissionId: crypto.randomUUID(),
  expiresAt: null,
  ...more,
});

describe('where a holder stands', () => {
  const rule = { limit: 2, days: 7 };

  test('a fresh holder has all places', () => {
    expect(quotaStanding(rule, [], on(0))).toEqual({
      limit: 2,
      granted: 0,
      days: 7,
      charged: 0,
      reserved: 0,
      left: 2,
      nextSlotAt: null,
    });
  });

  test('a charge leaves the window after its days, to the millisecond', () => {
    const lines = [line('charged', 0), line('charged', 1)];
    const before = quotaStanding(rule, lines, new Date(on(7).getTime() - 1));
    expect(before).toMatchObject({ charged: 2, left: 0, nextSlotAt: on(7) });
    expect(quotaStanding(rule, lines, on(7))).toMatchObject({ charged: 1, left: 1, nextSlotAt: null });
  });

  test('charges count by their time, in whatever order they come', () => {
    const lines = [line('charged', 3), line('charged', 1), line('charged', 2)];
    expect(quotaStanding(rule, lines, on(4))).toMatchObject({ charged: 3, left: 0, nextSlotAt: on(9) });
  });

  test('an open reservation holds a place, one that was given back does not', () => {
    const given = line('reserved', 0);
    const lines = [line('reserved', 0), given, line('returned', 1, { submissionId: given.submissionId })];
    expect(quotaStanding(rule, lines, on(1))).toMatchObject({ charged: 0, reserved: 1, left: 1 });
  });

  test('a reservation that became a charge counts once', () => {
    const open = line('reserved', 0);
    const lines = [open, line('charged', 1, { submissionId: open.submissionId })];
    expect(quotaStanding(rule, lines, on(2))).toMatchObject({ charged: 1, reserved: 0, left: 1 });
  });

  test('with all places only held, the next slot is a window from now', () => {
    const lines = [line('reserved', 0), line('reserved', 0)];
    expect(quotaStanding(rule, lines, on(1))).toMatchObject({ reserved: 2, left: 0, nextSlotAt: on(8) });
  });

  test('a grant counts until it runs out, and the next slot knows that it will have', () => {
    const grant = line('granted', 0, { amount: 1, expiresAt: on(5), submissionId: null });
    const lines = [line('charged', 0), line('charged', 1), line('charged', 2), grant];
    expect(quotaStanding(rule, lines, on(3))).toMatchObject({ limit: 3, granted: 1, left: 0, nextSlotAt: on(8) });
    expect(quotaStanding(rule, lines, on(5))).toMatchObject({ limit: 2, granted: 0, left: 0, nextSlotAt: on(8) });
  });

  test('a limit that was lowered waits until enough has left', () => {
    const lines = [0, 1, 2, 3].map((day) => line('charged', day));
    expect(quotaStanding(rule, lines, on(4))).toMatchObject({ left: 0, nextSlotAt: on(9) });
  });

  test('without a limit everything goes', () => {
    const lines = Array.from({ length: 99 }, () => line('charged', 0));
    expect(quotaStanding({ limit: null, days: 7 }, lines, on(0))).toMatchObject({ left: null, charged: 99 });
  });
});

test('no window ever holds more charges than the limit, and the next slot is one', () => {
  const deed = fc.record({
    what: fc.constantFrom('submit', 'submit', 'score', 'reject', 'wait'),
    which: fc.nat(),
    hours: fc.integer({ min: 0, max: 60 }),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 5 }),
      fc.array(deed, { maxLength: 120 }),
      (limit, days, deeds) => {
        const rule = { limit, days };
        const lines: QuotaEntry[] = [];
        const open: string[] = [];
        let now = START;
        for (const { what, which, hours } of deeds) {
          const at = new Date(now);
          if (what === 'wait') now += hours * 3600_000;
          if (what === 'submit') {
            const standing = quotaStanding(rule, lines, at);
            if (standing.left! > 0) {
              const submissionId = crypto.randomUUID();
              lines.push({ kind: 'reserved', at, amount: 1, submissionId, expiresAt: null });
              open.push(submissionId);
            } else {
              // as promised: if all that is open is charged now, then there is a place at that moment and none before
              const scored = open.map((submissionId) => ({ ...line('charged', 0, { submissionId }), at }));
              const then = standing.nextSlotAt!;
              expect(quotaStanding(rule, [...lines, ...scored], then).left).toBeGreaterThan(0);
              expect(quotaStanding(rule, [...lines, ...scored], new Date(then.getTime() - 1)).left).toBe(0);
            }
          }
          if ((what === 'score' || what === 'reject') && open.length > 0) {
            const [submissionId] = open.splice(which % open.length, 1);
            lines.push({
              kind: what === 'score' ? 'charged' : 'returned',
              at,
              amount: 1,
              submissionId,
              expiresAt: null,
            });
          }
        }
        const charges = lines.filter(({ kind }) => kind === 'charged').map(({ at }) => at.getTime());
        for (const end of charges)
          expect(charges.filter((at) => at <= end && at > end - days * DAY).length).toBeLessThanOrEqual(limit);
      },
    ),
  );
});

test.each([
  [{ limit: null, days: 7 }, 'as many submissions as you like'],
  [{ limit: 1, days: 1 }, '1 scored submission in a day'],
  [{ limit: 5, days: 7 }, '5 scored submissions in 7 days'],
])('the rule %j reads “%s”', (rule, words) => {
  expect(quotaInWords(rule)).toBe(words);
});
