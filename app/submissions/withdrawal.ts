/** Why owners withdraw entries; `lib/tombstone.ts` has the words. */
import type { WithdrawalReason } from '#lib/vocabulary.ts';

/** The reasons an owner can choose. */
export const OWNERS_REASONS = ['superseded', 'mistake', 'data', 'other'] as const satisfies readonly WithdrawalReason[];
