/** Numbers and file names in sentences. */

/** Format "1 image", "1,200 images". */
export function count(n: number, what: string): string {
  return `${n.toLocaleString('en-US')} ${what}${n === 1 ? '' : 's'}`;
}

/** Write a file name as it is typed in a shell: quoted if it has to be. */
export function inShell(path: string): string {
  return /^[\w./@:+,=-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
