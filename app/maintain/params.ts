/** Parameters of the maintainers' lists, whose address holds their state. */
export type Params = Readonly<Record<string, string | string[] | undefined>>;

/** Return the first of a parameter's values; undefined if it is empty. */
export function one(value: string | string[] | undefined): string | undefined {
  return (Array.isArray(value) ? value[0] : value) || undefined;
}

/** Return a page's number, from 1; anything else is the first page. */
export function pageOf(value: string | string[] | undefined): number {
  const number = Number(one(value));
  return Number.isSafeInteger(number) && number > 0 ? number : 1;
}

/** Return an address with the parameters that have a value. */
export function withParams(path: string, params: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams(
    Object.entries(params).filter((entry): entry is [string, string] => Boolean(entry[1])),
  );
  return query.size ? `${path}?${query}` : path;
}
