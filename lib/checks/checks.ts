/**
 * The list of all checks on files: every code of a problem or a warning with what it says, an example and the remedy. The
 * page /docs/problems is written from it. Full messages name the file, the record and the numbers, and are written where
 * the finding is made; `tests/readers/checks.test.ts` holds the code against this list, in both directions.
 */
import type { Check } from './check.ts';
import { COUNT_CHECKS } from './counts.ts';
import { FILE_CHECKS } from './files.ts';
import { GROUND_TRUTH_CHECKS } from './ground-truth.ts';
import { LABEL_IMAGE_CHECKS } from './label-images.ts';
import { PICTURE_CHECKS } from './pictures.ts';
import { RECORD_CHECKS } from './records.ts';
import { SLOT_CHECKS } from './slots.ts';
import { SUSPICION_CHECKS } from './suspicions.ts';

/** The checks by room, in the order in which a file meets them. */
export const CHECKS_BY_ROOM = [
  { title: 'What a file is', checks: FILE_CHECKS },
  { title: 'Records of COCO files', checks: RECORD_CHECKS },
  { title: 'Read, but suspicious', checks: SUSPICION_CHECKS },
  { title: 'Label images', checks: LABEL_IMAGE_CHECKS },
  { title: 'Counts and times', checks: COUNT_CHECKS },
  { title: 'Tasks with several files', checks: SLOT_CHECKS },
  { title: 'Ground truth', checks: GROUND_TRUTH_CHECKS },
  { title: 'Pictures of a data set', checks: PICTURE_CHECKS },
] as const satisfies readonly { title: string; checks: Record<string, Check> }[];

export const CHECKS = {
  ...FILE_CHECKS,
  ...RECORD_CHECKS,
  ...SUSPICION_CHECKS,
  ...LABEL_IMAGE_CHECKS,
  ...COUNT_CHECKS,
  ...SLOT_CHECKS,
  ...GROUND_TRUTH_CHECKS,
  ...PICTURE_CHECKS,
} as const satisfies Record<string, Check>;

/** The code of a problem or a warning: one that is not in the list does not compile. */
export type CheckCode = keyof typeof CHECKS;
