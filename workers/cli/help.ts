/** The texts of `livecell --help`. */
import type { Command, Option } from './command.ts';

const HELP: Option = { type: 'boolean', short: 'h', help: 'this text' };

/** Return what `livecell --help` prints. */
export function describeProgram(commands: readonly Command[]): string {
  const rows = commands.map((command): [string, string] => [title(command), command.help]);
  return `livecell — score cell segmentations as the LIVECell benchmark does, and send them to it.

Usage: livecell <command> [options]

${table(rows)}

livecell <command> --help shows a command's options, with an example.
Exit status: 0 done, 1 the input is wrong, 2 the call is wrong, 3 we failed or the site does not answer.
--json prints one JSON document on standard output, also for errors: { title, status, detail, problems? }.
`;
}

/** Return what `livecell user --help` prints: the commands whose names begin with the same word. */
export function describeFamily(word: string, commands: readonly Command[]): string {
  const rows = commands.map((command): [string, string] => [title(command), command.help]);
  return `livecell ${word} <command> [options]

${table(rows)}

livecell ${commands[0].name} --help shows that command's options, with an example.
`;
}

/** Return what `livecell COMMAND --help` prints. */
export function describeCommand(command: Command): string {
  const options = { ...command.options, help: HELP };
  const rows = Object.entries(options).map(([name, option]): [string, string] => [
    `${option.short ? `-${option.short}, ` : ''}--${name}${option.value ? ` ${option.value}` : ''}`,
    option.help,
  ]);
  return `livecell ${title(command)} [options]

${command.help}

${table(rows)}
${command.details ? `\n${command.details}\n` : ''}
Example: ${command.example}
`;
}

function title({ name, takes }: Command): string {
  return takes ? `${name} ${takes}` : name;
}

function table(rows: [string, string][]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}   ${right}`).join('\n');
}
