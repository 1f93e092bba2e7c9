/** `livecell token create`. */
import { address, oneOf } from '#workers/cli/arguments.ts';
import { CallError, type Command, JSON_OPTION, required } from '#workers/cli/command.ts';
import { withDatabase } from '#workers/cli/with-database.ts';

export const tokenCreate: Command = {
  name: 'token create',
  help: 'Makes an API token for somebody. It is shown once.',
  example: 'livecell token create --user you@example.org --scope submit --expires 30',
  options: {
    user: { type: 'string', value: 'EMAIL', help: 'whose token; somebody who never signed in is added' },
    name: { type: 'string', value: 'NAME', help: 'what it is for; default: command line', default: 'command line' },
    scope: {
      type: 'string',
      value: 'SCOPE',
      help: 'of read, submit and, for a maintainer, moderate; default: read,submit',
      default: 'read,submit',
    },
    expires: {
      type: 'string',
      value: 'DAYS',
      help: 'valid for 30, 90 or 365 days, or never; default: 90',
      default: '90',
    },
    json: JSON_OPTION,
  },
  async run(values, files, out) {
    if (files.length > 0) throw new CallError(`“${files[0]}” is not expected: the person is given with --user.`);
    const email = address(required(values, 'user'));
    const { TOKEN_SCOPES } = await import('#lib/vocabulary.ts');
    const { createToken, TOKEN_LIFETIMES, tokenEnd } = await import('#db/people/tokens.ts');
    const { ensureUser } = await import('#db/people/users.ts');
    const scopes = (values.scope as string).split(',').map((scope) => oneOf('--scope', TOKEN_SCOPES, scope.trim()));
    const expiresAt = tokenEnd(oneOf('--expires', TOKEN_LIFETIMES, values.expires));
    const made = await withDatabase(async () => {
      const { id } = await ensureUser({ email });
      const { token } = await createToken(id, values.name, { scopes, expiresAt });
      return { token, scopes, expiresAt };
    });
    out.document(made);
    out.print(made.token);
  },
};
