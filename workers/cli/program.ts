/**
 * The `livecell` program: finds the command, parses its options, and turns its outcome into an exit status.
 *
 *   0 done   1 the input is wrong   2 the command line is wrong   3 internal error, or no site answers
 *
 * Each command is a file in `cli/commands/` that imports heavy modules only when it runs: `livecell --help` must not
 * load a database.
 */
import { parseArgs } from 'node:util';
import { AppError, toProblem } from '#lib/errors.ts';
import type { Problem } from '#lib/problems.ts';
import { CallError, type Command, InputError, Output, oneLine, problemLine, UnavailableError } from './command.ts';
import { describeCommand, describeFamily, describeProgram } from './help.ts';

/** What a program consists of. */
interface Program {
  commands: readonly Command[];
  /** what is said about names of commands that this program does not have */
  elsewhere: (name: string) => string | null;
}

/** Run the command that the arguments name, and set the exit status of the process. */
export async function runProgram(program: Program): Promise<void> {
  // a reader that stops early (`| head`) is no error
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
  process.exitCode = await main(process.argv.slice(2), program);
}

async function main(args: string[], program: Program): Promise<number> {
  const { commands } = program;
  const [first, second] = args;
  if (first === undefined || first === '--help' || first === '-h') {
    process.stdout.write(describeProgram(commands));
    return first === undefined ? 2 : 0;
  }
  if (first === 'help') return main([...args.slice(1), '--help'], program);
  if (first === '--version' || first === '-v') {
    const { EVALUATOR_VERSION } = await import('#lib/scoring/version.ts');
    process.stdout.write(`livecell-benchmark ${EVALUATOR_VERSION}\n`);
    return 0;
  }
  const command = find(args, commands);
  if (!command) {
    const family = familyOf(first, commands);
    if (family.length > 0 && (second === '--help' || second === '-h')) {
      process.stdout.write(describeFamily(first, family));
      return 0;
    }
    return fail(2, new CallError(unknown(first, second, program)), new Output(args.includes('--json')));
  }

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
    return fail(2, new CallError(message), new Output(rest.includes('--json')), command);
  }
  const out = new Output(parsed.values.json === true);
  try {
    await command.run(parsed.values, parsed.positionals, out);
    out.done();
    return typeof process.exitCode === 'number' ? process.exitCode : 0;
  } catch (error) {
    out.done();
    return fail(statusOf(error), error, out, command);
  }
}

function statusOf(error: unknown): 1 | 2 | 3 {
  if (error instanceof CallError) return 2;
  if (error instanceof InputError || problemsOf(error)) return 1;
  return error instanceof AppError && error.status < 500 ? 1 : 3;
}

/** Say what went wrong: lines on standard error and, with --json, one document on standard output. */
function fail(status: 1 | 2 | 3, error: unknown, out: Output, command?: Command): number {
  const lines = linesOf(error, command);
  for (const line of lines) process.stderr.write(`${oneLine(line)}\n`);
  if (out.json && !out.answered) out.document({ ...documentOf(error, status), exitStatus: status });
  return status;
}

function linesOf(error: unknown, command: Command | undefined): string[] {
  if (error instanceof CallError)
    return [error.message, ...(command ? [`livecell ${command.name} --help shows what it takes.`] : [])];
  if (error instanceof InputError) return error.lines;
  const problems = problemsOf(error);
  if (problems) return problems.map(problemLine);
  if (error instanceof AppError) return error.message.split('\n');
  if (error instanceof UnavailableError) return [error.message];
  return unexpected(error);
}

/** The members of an `application/problem+json` answer. */
function documentOf(error: unknown, exit: 1 | 2 | 3): Record<string, unknown> {
  if (error instanceof AppError) return { ...toProblem(error) };
  const problems = problemsOf(error);
  const detail = linesOf(error, undefined).map(oneLine).join(' ');
  const [title, status] = error instanceof UnavailableError ? NOT_AVAILABLE : TITLES[exit];
  return {
    title,
    status,
    detail,
    ...(problems && { problems }),
    ...(error instanceof InputError && error.details),
  };
}

/** By exit status: a title, and the status that a site would answer. */
const TITLES = {
  1: ['The input is wrong', 422],
  2: ['The call is wrong', 400],
  3: ['Something failed', 500],
} as const;
const NOT_AVAILABLE = ['Not available right now', 503] as const;

function find(args: string[], commands: readonly Command[]): Command | undefined {
  return commands.find(({ name }) => name.split(' ').every((word, i) => args[i] === word));
}

function familyOf(word: string, commands: readonly Command[]): Command[] {
  return commands.filter(({ name }) => name.startsWith(`${word} `));
}

function unknown(first: string, second: string | undefined, { commands, elsewhere }: Program): string {
  const family = familyOf(first, commands);
  if (family.length > 0)
    return `livecell ${first} needs one of: ${family.map(({ name }) => name.split(' ')[1]).join(', ')}${second ? `; not “${second}”` : ''}.`;
  return elsewhere(first) ?? `There is no command “${first}”. livecell --help lists them.`;
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
