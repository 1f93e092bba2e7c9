/**
 * Estimates how long scoring takes and when a submission's turn comes, from measurements on this site. Pure; times in
 * seconds.
 */

/** A run that ended with a score. */
export interface PastRun {
  task: string;
  dataset: string;
  bytes: number;
  seconds: number;
}

/** Number of runs used for an estimate: those nearest in size. */
const NEAREST = 5;

/**
 * Estimate the seconds that a run of a given size will take: the median of the five past runs of the same task and data
 * set (or else of the same task) nearest in size. A smaller past run is scaled by its bytes, a larger one is not, since
 * much of a short run does not depend on the file. Null: nothing was ever measured.
 */
export function estimateSeconds(past: readonly PastRun[], run: Omit<PastRun, 'seconds'>): number | null {
  const ofTask = past.filter(({ task }) => task === run.task);
  const ofDataset = ofTask.filter(({ dataset }) => dataset === run.dataset);
  const candidates = ofDataset.length > 0 ? ofDataset : ofTask;
  const distance = ({ bytes }: PastRun) => Math.abs(Math.log(Math.max(1, run.bytes) / Math.max(1, bytes)));
  const nearest = [...candidates].sort((a, b) => distance(a) - distance(b)).slice(0, NEAREST);
  if (nearest.length === 0) return null;
  return median(nearest.map(({ bytes, seconds }) => seconds * Math.max(1, run.bytes / Math.max(1, bytes))));
}

function median(values: number[]): number {
  const sorted = values.sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Return the seconds until each waiting run begins, in order, when `processes` processes score one at a time each and
 * first finish `running` (seconds left of each current run). Null from the first run on that depends on an unknown
 * time.
 */
export function secondsUntilTurn(
  running: readonly (number | null)[],
  waiting: readonly (number | null)[],
  processes: number,
): (number | null)[] {
  if (processes < 1 || running.includes(null)) return waiting.map(() => null);
  const free = (running as number[]).toSorted((a, b) => a - b);
  while (free.length < processes) free.unshift(0);
  let unknown = false;
  return waiting.map((seconds) => {
    if (unknown) return null;
    const begins = free.shift() ?? 0;
    if (seconds === null) unknown = true;
    else {
      free.push(begins + seconds);
      free.sort((a, b) => a - b);
    }
    return begins;
  });
}
