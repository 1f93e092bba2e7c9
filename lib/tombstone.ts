/** What remains public of an entry that has been public and is not any more, in words. */
import { day } from './format.ts';
import type { WithdrawalReason } from './vocabulary.ts';

/** Follows “withdrawn by its owner on …:”. */
export const WITHDRAWN_AS: Readonly<Record<WithdrawalReason, string>> = {
  superseded: 'superseded by a newer version',
  mistake: 'a mistake was found in it',
  data: 'a problem with the data it was made with',
  'account-deleted': 'its owner has left the site',
  other: 'for another reason',
};

export interface Tombstone {
  id: string;
  task: string;
  dataset: string;
  /** the method's name, or “Anonymous entry 7” */
  method: string;
  /** page of the method, if it has public versions */
  methodId: string | null;
  /** what happened to it, and when */
  what: 'withdrawn' | 'hidden' | 'unpublished';
  at: Date;
  /** of a withdrawal */
  reason: WithdrawalReason | null;
}

/** Say what happened to a formerly public entry, and when: a sentence without its full stop. */
export function fateInWords({ what, at, reason }: Pick<Tombstone, 'what' | 'at' | 'reason'>): string {
  if (what === 'hidden') return `A maintainer took it off the board on ${day(at)}`;
  if (what === 'unpublished') return `Its owner took it off the board on ${day(at)}`;
  return `Withdrawn by its owner on ${day(at)}: ${WITHDRAWN_AS[reason ?? 'other']}`;
}
