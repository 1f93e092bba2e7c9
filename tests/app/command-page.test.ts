/** The pages of the command line say what the commands themselves say. */
import { expect, test } from 'vitest';
import { FOR_OPERATORS, FOR_RESEARCHERS } from '#app/docs/command-line/commands.ts';
import type { Command } from '#workers/cli/command.ts';
import { RESEARCHER_COMMANDS } from '#workers/cli/commands.ts';
import { COMMANDS } from '#workers/cli/operator-commands.ts';

const described = (commands: readonly Command[]) =>
  commands.map(({ name, takes, help, example }) => ({ name, ...(takes && { takes }), help, example }));

test('every command stands on a page, with the words of its own help', () => {
  expect(FOR_RESEARCHERS).toEqual(described(RESEARCHER_COMMANDS));
  expect(FOR_OPERATORS).toEqual(described(COMMANDS.filter((command) => !RESEARCHER_COMMANDS.includes(command))));
});
