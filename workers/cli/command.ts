/** The parts of a command: its options, its output, and its errors. */

import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ParseArgsOptionDescriptor } from 'node:util';
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
  example?: string;
  options: Record<string, Option>;
  run(values: Values, files: string[], out: Output): Promise<void>;
}

export const JSON_OPTION: Option = { type: 'boolean', help: 'print one JSON document on standard output' };

/** The command line is wrong: exit status 2. */
export class CallError extends Error {}

/** The input is wrong: exit status 1. One line per problem. */
export class InputError extends Error {
  readonly lines: string[];
  constructor(...lines: string[]) {
    super(lines.join('\n'));
    this.lines = lines;
  }
}

/** Standard output receives only the result; all other messages go to standard error. */
export class Output {
  readonly json: boolean;
  #shown = false;

  constructor(json: boolean) {
    this.json = json;
  }

  /** Print the result for people, unless a document was requested. */
  print(text: string): void {
    if (!this.json) process.stdout.write(`${text}\n`);
  }

  /** Print the result for programs, if requested. */
  document(value: unknown): void {
    if (this.json) process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
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

  #clear(): void {
    if (this.#shown) process.stderr.write('\r\x1b[K');
    this.#shown = false;
  }

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
