/** Commands for those who run a site, from a checkout, after those for researchers. */
import type { Command } from './command.ts';
import { backup, restore } from './commands/backup.ts';
import { build } from './commands/build.ts';
import { doctor } from './commands/doctor.ts';
import { exportCommand } from './commands/export.ts';
import { groundTruthList, groundTruthPrivate, groundTruthPublic } from './commands/ground-truth.ts';
import { importGroundTruth } from './commands/import-ground-truth.ts';
import { importImages } from './commands/import-images.ts';
import { migrate } from './commands/migrate.ts';
import { receiptKeys, rotateReceipts } from './commands/receipts.ts';
import { rescore } from './commands/rescore.ts';
import { retry } from './commands/retry.ts';
import { seed } from './commands/seed.ts';
import { signInLink } from './commands/sign-in-link.ts';
import { split } from './commands/split.ts';
import { tokenCreate } from './commands/token-create.ts';
import { userList, userRole } from './commands/user.ts';
import { web } from './commands/web.ts';
import { worker } from './commands/worker.ts';
import { RESEARCHER_COMMANDS } from './commands.ts';

const OPERATOR_COMMANDS: readonly Command[] = [
  importGroundTruth,
  importImages,
  groundTruthList,
  groundTruthPublic,
  groundTruthPrivate,
  split,
  rescore,
  retry,
  migrate,
  seed,
  build,
  web,
  worker,
  doctor,
  backup,
  restore,
  exportCommand,
  userList,
  userRole,
  signInLink,
  receiptKeys,
  rotateReceipts,
  tokenCreate,
];

/** Every command of a checkout. */
export const COMMANDS: readonly Command[] = [...RESEARCHER_COMMANDS, ...OPERATOR_COMMANDS];
