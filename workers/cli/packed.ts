/** The `livecell` program as a package by itself (`npm run pack:cli`): what researchers need, without the site. */
import { RESEARCHER_COMMANDS } from './commands.ts';
import { runProgram } from './program.ts';

/** Commands that need a checkout, by their first words. */
const OF_OPERATORS =
  /^(backup|build|dataset|doctor|export|import-ground-truth|import-images|migrate|receipts|rescore|restore|seed|sign-in-link|token|user|web|worker)$/;

await runProgram({
  commands: RESEARCHER_COMMANDS,
  elsewhere: (name) =>
    OF_OPERATORS.test(name)
      ? `livecell ${name} is for those who run a site: it needs a checkout of the project, in which npx livecell has all commands.`
      : null,
});
