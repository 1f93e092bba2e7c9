/** Commands that need no site of one's own, in the order in which --help lists them: what the packed program has. */
import type { Command } from './command.ts';
import { compare } from './commands/compare.ts';
import { convert } from './commands/convert.ts';
import { data } from './commands/data.ts';
import { demoData } from './commands/demo-data.ts';
import { families } from './commands/families.ts';
import { login, whoami } from './commands/login.ts';
import { score } from './commands/score.ts';
import { listOwn, publish, share, status, withdraw } from './commands/submissions.ts';
import { submit } from './commands/submit.ts';
import { validate } from './commands/validate.ts';
import { verify } from './commands/verify.ts';

export const RESEARCHER_COMMANDS: readonly Command[] = [
  score,
  validate,
  convert,
  verify,
  compare,
  families,
  login,
  whoami,
  submit,
  listOwn,
  status,
  publish,
  share,
  withdraw,
  data,
  demoData,
];
