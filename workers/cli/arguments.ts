/** Checks of single arguments. */
import { CallError, InputError } from '#workers/cli/command.ts';

/** Return the argument if it is one of the choices. @throws CallError */
export function oneOf<T extends string>(option: string, choices: readonly T[], value: string): T {
  const found = choices.find((choice) => choice === value);
  if (!found) throw new CallError(`${option} is one of ${choices.join(', ')}, not “${value}”.`);
  return found;
}

/** Return the argument if it is an e-mail address. @throws InputError */
export function address(email: string): string {
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw new InputError(`“${email}” is not an e-mail address.`);
  return email;
}
