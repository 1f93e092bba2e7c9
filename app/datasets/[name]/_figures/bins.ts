/** Return the range from the first to the last bin that holds anything in any group. */
export function bins(histograms: readonly (readonly number[])[]): [from: number, to: number] {
  const used = histograms.flatMap((counts) => counts.flatMap((count, k) => (count > 0 ? [k] : [])));
  return used.length > 0 ? [Math.min(...used), Math.max(...used) + 1] : [0, 1];
}
