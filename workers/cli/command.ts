/** The parts of a command: its options, its output, and its errors. */

import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ParseArgsOptionDescriptor } from 'node:util';
import { CHECKS } from '#lib/checks/checks.ts';
import type { Problem, Warning } from '#lib/problems.ts';

export interface Option extends ParseArgsOptionDescriptor {
  /** shown in --help; `value` names the option's value */
  help: string;
  value?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: parseArgs decides by the option's type and `multiple`; each command knows its own
export type Values = Record<string, any>;

export interface Command {
  /** one or two words: `score`, `user list` */
  name: string;
  /** arguments after the name, without options */
  takes?: string;
  help: string;
  /** further lines for the command's own help */
  details?: string;
  /** a line that can be copied */
  example: string;
  options: Record<string, Option>;
  run(values: Values, files: string[], out: Output): Promise<void>;
}

export const JSON_OPTION: Option = { type: 'boolean', help: 'print one JSON document on standard output' };

/** The command line is wrong: exit status 2. */
export class CallError extends Error {}

/** Something outside this program does not work, such as a site that does not answer: exit status 3. */
export class UnavailableError extends Error {}

/** The input is wrong: exit status 1. One line per problem. */
export class InputError extends Error {
  readonly lines: string[];
  /** what a site answered, or the problems found in files: members of the document that `--json` prints */
  details: { title?: string; status?: number; problems?: Problem[] } & Record<string, unknown> = {};
  constructor(...lines: string[]) {
    super(lines.join('\n'));
    this.lines = lines;
  }
}

/** Milliseconds between two lines about a long wait, where standard error is no terminal. */
const WORDS_EVERY = 10_000;

/** Standard output receives only the result; all other messages go to standard error. */
export class Output {
  readonly json: boolean;
  #shown = false;
  #documents = 0;
  #spoke = Date.now();

  constructor(json: boolean) {
    this.json = json;
  }

  /** Print the result for people, unless a document was requested. */
  print(text: string): void {
    if (!this.json) process.stdout.write(`${text}\n`);
  }

  /** Print the result for programs, if requested. */
  document(value: unknown): void {
    if (!this.json) return;
    process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    this.#documents++;
  }

  /** Tell whether a document has been printed: there is only ever one. */
  get answered(): boolean {
    return this.#documents > 0;
  }

  note(text: string): void {
    this.#clear();
    process.stderr.write(`${text}\n`);
  }

  /** Print a line that the next one overwrites, on a terminal only. */
  progress(text: string): void {
    if (!process.stderr.isTTY) return;
    process.stderr.write(`\r\x1b[K${text}`);
    this.#shown = true;
  }

  /** Say what a long wait is at: on a terminal as progress, elsewhere as a line every ten seconds. */
  step(text: string): void {
    if (process.stderr.isTTY) {
      this.progress(text);
      return;
    }
    const now = Date.now();
    if (now - this.#spoke < WORDS_EVERY) return;
    this.#spoke = now;
    this.note(text);
  }

  #clear(): void {
    if (this.#shown) process.stderr.write('\r\x1b[K');
    this.#shown = false;
  }

  /** Remove the last progress line. */
  done(): void {
    this.#clear();
  }

  warnings(warnings: Warning[]): void {
    for (const warning of warnings) this.note(warningNote(warning));
  }
}

export function required(values: Values, name: string): string {
  const value = values[name];
  if (typeof value !== 'string' || value === '') throw new CallError(`--${name} is missing.`);
  return value;
}

export function oneFile(files: string[], what: string): string {
  if (files.length !== 1)
    throw new CallError(files.length === 0 ? `${what} is missing.` : `One ${what} is expected, not ${files.length}.`);
  return files[0];
}

/**
 * Resolve a path relative to where the command was called: npm runs scripts in the project's folder, wherever that is.
 */
export function userPath(path: string): string {
  const { INIT_CWD, npm_lifecycle_event } = process.env;
  return INIT_CWD && npm_lifecycle_event === 'livecell' ? resolve(INIT_CWD, path) : path;
}

/** Throw if a file cannot be opened, the most common mistake; the message names the file instead of a system call. */
export async function mustBeFile(given: string): Promise<string> {
  const path = userPath(given);
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new InputError(`${path} is not a file.`);
    return path;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new InputError(`There is no file ${path}.`);
    if (code === 'EACCES') throw new InputError(`${path} may not be read.`);
    throw error;
  }
}

export async function readJson(path: string): Promise<unknown> {
  const text = await readFile(await mustBeFile(path), 'utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`${path} is not JSON: ${(error as Error).message}`);
  }
}

export function problemLine(problem: Problem): string {
  const more = problem.more ? ` (and ${problem.more.toLocaleString('en-US')} more of this kind)` : '';
  return oneLine(problem.message) + more;
}

/** Format a warning as one of several lines. */
export function warningNote(warning: Warning): string {
  return `warning: ${warningLine(warning)}`;
}

/** Say which warnings are about the predictions: those about the ground truth, or about a slot’s file, say so already. */
export function ofPredictions(warnings: readonly Warning[]): Warning[] {
  return warnings.map((warning) => {
    const { code, message } = warning;
    const isSaid = /^(Ground truth: |The (gzipped )?ground truth|The list of images|Slot )/.test(message);
    const aboutSlots = CHECKS[code]?.about === 'slots';
    return isSaid || aboutSlots ? warning : { ...warning, message: `Predictions: ${message}` };
  });
}

/** Format a warning in one line: message, number of cases, and up to three examples. */
function warningLine({ message, count, examples = [] }: Warning): string {
  const times = count === undefined ? '' : `${count.toLocaleString('en-US')} in all`;
  const some = examples.length === 0 ? '' : [...new Set(examples)].slice(0, 3).join(', ');
  const more = [times, some && `such as ${some}`].filter(Boolean).join(', ');
  return oneLine(message) + (more && ` (${oneLine(more)})`);
}

export function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').trim();
}
