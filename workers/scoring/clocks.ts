/** How long a scoring process waits for what. Tests pass shorter times so that nobody has to wait with them. */
export interface Clocks {
  /** a job that is still running this long after the process was asked to stop goes back into the queue */
  stopMilliseconds: number;
  /** how often progress of a running job is saved, at most */
  progressMilliseconds: number;
  /** how often the process says that it is alive; `SILENT_SECONDS` of silence mean that it is gone */
  aliveMilliseconds: number;
  /** how often stuck submissions are looked for */
  sweepMilliseconds: number;
  /** how long the sweep leaves a submission alone after its last change */
  sweepGraceSeconds: number;
  /** how often a running job is checked for being withdrawn: people see it end within a second */
  wantedMilliseconds: number;
  /** how often the queue looks for jobs whose process died */
  superviseSeconds: number;
  /** the delay before a second attempt, doubled for each further one; the queue's own unless given */
  retrySeconds?: number;
}

export const CLOCKS: Clocks = {
  stopMilliseconds: 8_000,
  progressMilliseconds: 250,
  aliveMilliseconds: 5_000,
  sweepMilliseconds: 15_000,
  sweepGraceSeconds: 15,
  wantedMilliseconds: 400,
  superviseSeconds: 3,
};
