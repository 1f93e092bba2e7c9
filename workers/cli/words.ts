/** Numbers in sentences. */

/** Format "1 image", "1,200 images". */
export function count(n: number, what: string): string {
  return `${n.toLocaleString('en-US')} ${what}${n === 1 ? '' : 's'}`;
}
