/** The `livecell` program of a checkout: all commands. */
import { RESEARCHER_COMMANDS } from './commands.ts';
import { runProgram } from './program.ts';

const [first] = process.argv.slice(2);
const isResearcher = first === '--version' || RESEARCHER_COMMANDS.some(({ name }) => name.split(' ')[0] === first);

await runProgram({
  // operators' commands import much of the site, for which a file that is scored should not wait
  commands: isResearcher ? RESEARCHER_COMMANDS : (await import('./operator-commands.ts')).COMMANDS,
  elsewhere: () => null,
});
