/** Why a formerly public entry is gone, in words. */
import type { WithdrawalReason } from '#lib/vocabulary.ts';

/** Follows “withdrawn by its owner on …:”. */
export const WITHDRAWN_AS: Readonly<Record<WithdrawalReason, string>> = {
  superseded: 'superseded by a newer version',
  mistake: 'a mistake was found in it',
  data: 'a problem with the data it was made with',
  'account-deleted': 'its owner has left the site',
  other: 'for another reason',
};

/** The reasons an owner can choose. */
export const OWNERS_REASONS = ['superseded', 'mistake', 'data', 'other'] as const satisfies readonly WithdrawalReason[];
