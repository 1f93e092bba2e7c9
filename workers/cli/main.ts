/**
 * The `livecell` program: finds the command, parses its options, and turns its outcome into an exit status.
 *
 *   0 done   1 the input is wrong   2 the command line is wrong   3 internal error
 *
 * Each command is a file in `cli/commands/` that imports heavy modules only when it runs: `livecell --help` must not
 * load a database.
 */
import { parseArgs } from 'node:util';
import { AppError } from '#lib/errors.ts';
import type { Problem } from '#lib/problems.ts';
import { CallError, type Command, InputError, Output, oneLine, problemLine } from './command.ts';
import { backup, restore } from './commands/backup.ts';
import { build } from './commands/build.ts';
import { compare } from './commands/compare.ts';
import { demoData } from './commands/demo-data.ts';
import { importGroundTruth } from './commands/import-ground-truth.ts';
import { importImages } from './commands/import-images.ts';
import { migrate } from './commands/migrate.ts';
import { rescore } from './commands/rescore.ts';
import { score } from './commands/score.ts';
import { seed } from './commands/seed.ts';
import { signInLink } from './commands/sign-in-link.ts';
import { submit } from './commands/submit.ts';
import { tokenCreate } from './commands/token-create.ts';
import { userList, userRole } from './commands/user.ts';
import { validate } from './commands/validate.ts';
import { verify } from './commands/verify.ts';
import { web } from './commands/web.ts';
import { worker } from './commands/worker.ts';
import { describeCommand, describeProgram } from './help.ts';

const COMMANDS: Command[] = [
  score,
  validate,
  verify,
  compare,
  submit,
  importGroundTruth,
  importImages,
  rescore,
  demoData,
  migrate,
  seed,
  build,
  web,
  worker,
  backup,
  restore,
  userList,
  userRole,
  signInLink,
  tokenCreate,
];

/** Reserved names, so that scripts get a clear message instead of "unknown". */
const LATER = ['export'];

async function main(args: string[]): Promise<number> {
  const [first, second] = args;
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    const wanted = first === 'help' ? find(args.slice(1)) : null;
    process.stdout.write(wanted ? describeCommand(wanted) : describeProgram(COMMANDS));
    return first === undefined ? 2 : 0;
  }
  if (first === '--version' || first === '-v') {
    const { EVALUATOR_VERSION } = await import('#lib/scoring/version.ts');
    process.stdout.write(`livecell-benchmark ${EVALUATOR_VERSION}\n`);
    return 0;
  }
  const command = find(args);
  if (!command) return fail(2, [unknown(first, second)]);

  const rest = args.slice(command.name.split(' ').length);
  // checked first, so that an incomplete command line can ask for help
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(describeCommand(command));
    return 0;
  }
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: rest, options: command.options, allowPositionals: true, strict: true });
  } catch (error) {
    const message = (error as Error).message.split(/[.] (?=To specify)/)[0].replace(/\.?$/, '.');
    return fail(2, [message, `livecell ${command.name} --help shows what it takes.`]);
  }
  const out = new Output(parsed.values.json === true);
  try {
    await command.run(parsed.values, parsed.positionals, out);
    out.done();
    return typeof process.exitCode === 'number' ? process.exitCode : 0;
  } catch (error) {
    out.done();
    if (error instanceof CallError)
      return fail(2, [error.message, `livecell ${command.name} --help shows what it takes.`]);
    if (error instanceof InputError) return fail(1, error.lines);
    const problems = problemsOf(error);
    if (problems) return fail(1, problems.map(problemLine));
    if (error instanceof AppError) return fail(error.status < 500 ? 1 : 3, error.message.split('\n'));
    return fail(3, unexpected(error));
  }
}

function find(args: string[]): Command | undefined {
  return COMMANDS.find(({ name }) => name.split(' ').every((word, i) => args[i] === word));
}

function unknown(first: string, second: string | undefined): string {
  const family = COMMANDS.filter(({ name }) => name.startsWith(`${first} `));
  if (family.length > 0)
    return `livecell ${first} needs one of: ${family.map(({ name }) => name.split(' ')[1]).join(', ')}${second ? `; not “${second}”` : ''}.`;
  if (LATER.includes(first)) return `livecell ${first} is not available in this version yet.`;
  return `There is no command “${first}”. livecell --help lists them.`;
}

function fail(status: 1 | 2 | 3, lines: string[]): number {
  for (const line of lines) process.stderr.write(`${oneLine(line)}\n`);
  return status;
}

/** Return the problems that an error reports about a file; null for other errors. */
function problemsOf(error: unknown): Problem[] | null {
  const { problem, problems } = error as { problem?: Problem; problems?: Problem[] };
  if (problems?.length) return problems;
  return problem ? [problem] : null;
}

/** Describe an unexpected error for users: a sentence, with the stack only on request. */
function unexpected(error: unknown): string[] {
  const { message, code, stack } = error as NodeJS.ErrnoException;
  if (process.env.LIVECELL_DEBUG && stack) process.stderr.write(`${stack}\n`);
  if (code === 'ECONNREFUSED') return ['The database or the site does not answer (connection refused).'];
  if (code === 'ENOSPC') return ['The disk is full.'];
  return [`Something failed: ${oneLine(message || String(error))}`, 'LIVECELL_DEBUG=1 shows where.'];
}

// a reader that stops early (`| head`) is no error
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

process.exitCode = await main(process.argv.slice(2));
