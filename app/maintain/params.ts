/** What the lists of the maintainers have in common: their state is their address. */
export type Params = Readonly<Record<string, string | string[] | undefined>>;

/** The first of a parameter's values; empty is none. */
export function one(value: string | string[] | undefined): string | undefined {
  return (Array.isArray(value) ? value[0] : value) || undefined;
}

/** A page's number, from 1; anything else is the first page. */
export function pageOf(value: string | string[] | undefined): number {
  const number = Number(one(value));
  return Number.isSafeInteger(number) && number > 0 ? number : 1;
}

/** An address with the parameters that are there. */
export function withParams(path: string, params: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams(
    Object.entries(params).filter((entry): entry is [string, string] => Boolean(entry[1])),
  );
  return query.size ? `${path}?${query}` : path;
}
