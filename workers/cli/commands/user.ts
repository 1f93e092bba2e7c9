/** `livecell user list` and `livecell user role`. */
import { address } from '#workers/cli/arguments.ts';
import { CallError, type Command, JSON_OPTION } from '#workers/cli/command.ts';
import { withDatabase } from '#workers/cli/with-database.ts';

export const userList: Command = {
  name: 'user list',
  help: 'Lists the people who have signed in, with their roles.',
  example: 'livecell user list --json',
  options: { json: JSON_OPTION },
  async run(_values, _files, out) {
    const people = await withDatabase(async () => {
      const { listUsers } = await import('#db/people/users.ts');
      return await listUsers();
    });
    out.document(people.map(({ id, name, email, role, createdAt }) => ({ id, name, email, role, createdAt })));
    for (const { email, name, role } of people)
      out.print(`${role.padEnd(10)}  ${email ?? '(no e-mail)'}  ${name ?? ''}`.trimEnd());
    if (people.length === 0) out.print('Nobody has signed in yet.');
  },
};

export const userRole: Command = {
  name: 'user role',
  takes: 'EMAIL maintainer|researcher',
  help: 'Makes somebody a maintainer, or a researcher again. Somebody who never signed in is added.',
  example: 'livecell user role you@example.org maintainer',
  options: { json: JSON_OPTION },
  async run(_values, args, out) {
    if (args.length !== 2) throw new CallError('An e-mail address and a role are needed.');
    const [email, role] = args;
    if (role !== 'maintainer' && role !== 'researcher')
      throw new CallError(`A role is maintainer or researcher, not “${role}”.`);
    const user = await withDatabase(async () => {
      const { ensureUser, setRole } = await import('#db/people/users.ts');
      const { id } = await ensureUser({ email: address(email) });
      return await setRole(id, role);
    });
    out.document({ id: user.id, email: user.email, role: user.role });
    out.print(`${user.email} is now a ${user.role}.`);
  },
};
