/** Pages of lists in the API: `?limit=50&after=<id>`, with the address of the next page in the header Link. */
import { AppError } from '#lib/errors.ts';

/** @throws AppError `invalid` if `after` names nothing in the list */
export function pageOf<T extends { id: string }>(
  all: readonly T[],
  { limit, after }: { limit: number; after?: string },
): { items: T[]; next: string | null; total: number } {
  const at = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && at === 0)
    throw new AppError('invalid', `after: “${after}” is not in this list. Begin again without it.`);
  const items = all.slice(at, at + limit);
  return { items, next: at + limit < all.length ? items[items.length - 1].id : null, total: all.length };
}

/** Return the header that leads to the next page; none on the last. */
export function linkToNext(request: Request, next: string | null): Record<string, string> {
  if (next === null) return {};
  const { pathname, searchParams } = new URL(request.url);
  searchParams.set('after', next);
  return { link: `<${pathname}?${searchParams}>; rel="next"` };
}
