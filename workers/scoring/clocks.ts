/** Intervals and time limits of a scoring process. Tests pass shorter ones. */
export interface Clocks {
  /** a job still running this long after the process was asked to stop returns to the queue */
  stopMilliseconds: number;
  /** minimum interval between saves of a job's progress */
  progressMilliseconds: number;
  /** interval between signs of life; after `SILENT_SECONDS` without one the process is considered dead */
  aliveMilliseconds: number;
  /** interval between searches for stuck submissions */
  sweepMilliseconds: number;
  /** interval between searches for public ground truth without variants and controls */
  deriveMilliseconds: number;
  /** the sweep ignores a submission for this long after its last change */
  sweepGraceSeconds: number;
  /** interval between checks whether a running job was withdrawn: it should end within a second */
  wantedMilliseconds: number;
  /** interval between searches for jobs that lost their process: shorter than the delay before a second attempt */
  lostMilliseconds: number;
  /** interval between the queue's checks for jobs whose process died */
  superviseSeconds: number;
  /** delay before a second attempt, doubled for each further one; default: the queue's own */
  retrySeconds?: number;
}

export const CLOCKS: Clocks = {
  stopMilliseconds: 8_000,
  progressMilliseconds: 250,
  aliveMilliseconds: 5_000,
  sweepMilliseconds: 15_000,
  deriveMilliseconds: 60_000,
  sweepGraceSeconds: 15,
  wantedMilliseconds: 400,
  lostMilliseconds: 1_000,
  superviseSeconds: 3,
};
