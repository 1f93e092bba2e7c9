'use server';

import { revalidatePath } from 'next/cache';
import { z } from 'zod';
import { action, type FormState } from '#app/_server/http.ts';
import {
  approve,
  askBack,
  type BulkOutcome,
  decideMany,
  decline,
  hide,
  MAX_REASON,
  markVerified,
  restore,
  revokeVerification,
} from '#db/submissions/moderation.ts';
import { settleReport } from '#db/submissions/problem-reports.ts';
import { AppError } from '#lib/errors.ts';
import { canModerate, type Viewer } from '#lib/permissions.ts';

const words = z
  .string()
  .trim()
  .max(MAX_REASON, `At most ${MAX_REASON.toLocaleString('en-US')} characters`)
  .default('');

type Act = (id: string, actorId: string, text: string) => Promise<unknown>;

/**
 * Carry out a maintainer's decision about one entry. The act itself checks, under its lock, whether the entry's state
 * still allows it; if not, it refuses and says what happened meanwhile.
 */
const DECISIONS: Readonly<Record<string, Act>> = {
  approve: (id, actorId, remark) => approve(id, actorId, { remark }),
  ask: askBack,
  decline,
  hide,
  restore,
  verify: markVerified,
  revoke: revokeVerification,
};

function mustModerate(who: Viewer): void {
  if (!canModerate(who)) throw new AppError('forbidden', 'Only maintainers can decide about entries.');
}

/** Decide about one entry; `decision` is the pressed button. */
export const decideEntry = action(
  z.object({ id: z.string(), decision: z.string(), text: words }),
  async ({ id, decision, text }, who) => {
    mustModerate(who);
    const act = Object.hasOwn(DECISIONS, decision) ? DECISIONS[decision] : undefined;
    if (!act) throw new AppError('invalid', `There is no decision “${decision}”.`);
    await act(id, who.id, text);
    revalidatePath('/', 'layout');
    return { done: true };
  },
);

/** Settle a report of a problem; its reporter reads the answer. */
export const settleProblem = action(z.object({ id: z.string(), text: words }), async ({ id, text }, who) => {
  mustModerate(who);
  await settleReport(id, who.id, text);
  revalidatePath('/', 'layout');
  return { done: true };
});

/** A check box is named for its entry: `entry-<id>`. */
const CHECKED = 'entry-';

/** Decide about all checked entries. */
export const decideChecked = action(
  z.looseObject({ decision: z.enum(['approve', 'decline'], 'Approve or reject?'), text: words }),
  async ({ decision, text, ...boxes }, who): Promise<FormState> => {
    mustModerate(who);
    const chosen = Object.keys(boxes).flatMap((name) => (name.startsWith(CHECKED) ? name.slice(CHECKED.length) : []));
    if (chosen.length === 0) throw new AppError('invalid', 'Check the entries first.');
    if (decision === 'decline' && !text)
      throw new AppError('invalid', 'Rejecting needs a reason. Each owner reads it.');
    const outcome = await decideMany(chosen, (id) =>
      decision === 'approve' ? approve(id, who.id, { remark: text }) : decline(id, who.id, text),
    );
    revalidatePath('/', 'layout');
    return { done: outcome.refused.length === 0, message: inWords(outcome, decision) };
  },
);

function inWords({ done, refused }: BulkOutcome, decision: 'approve' | 'decline'): string {
  const entries = (n: number) => (n === 1 ? '1 entry' : `${n} entries`);
  const said = `${entries(done.length)} ${decision === 'approve' ? 'published' : 'rejected'}.`;
  return [said, ...refused.map(({ method, why }) => `“${method}” not: ${why}`)].join(' ');
}
