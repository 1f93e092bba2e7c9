/**
 * Runs that look like questions about hidden ground truth instead of attempts at the task. A method predicts all cells
 * of all images; a question is a file of a few, sent again and again with little changed. A finding decides nothing: it
 * states what was seen and the limit. It concerns a person, since a person who asks seldom wants to publish.
 */
import { fingerprintDistance } from './suspicion.ts';

/** How far back runs are counted. */
export const PROBING_DAYS = 30;

/** At or beyond these limits a finding is made. The reason for each is given with it. */
export const PROBING_LIMITS = {
  /** one empty file, or one of one image, is a test of the format; three are a habit */
  thinRuns: 3,
  /** detections per object of the ground truth: a method finds more than one cell in fifty */
  detectionsPerObject: 0.02,
  /** share of the images that have a detection; a method that skips nineteen of twenty images has gone wrong */
  imagesPredicted: 0.05,
  /** of the spread of predicted counts, by one image: then the score tells about that image */
  leverage: 0.25,
  /** the quota of three weeks out of four */
  runs: 15,
  /** between two training runs of one model there are several tenths of a per cent (`RADAR_LIMITS`) */
  distance: 0.001,
  /** runs as close as this to another one of the same person */
  nearlyEqual: 5,
  /** a person and two teams; each has a quota of its own in name */
  holders: 3,
} as const;

/** One scored run, as far as probing shows in it. */
export interface Run {
  /** the team it was sent for, or the person */
  holder: string;
  /** for each file: what it has, and what there is */
  files: readonly { detections: number; images: number }[];
  truth: { objects: number; images: number };
  /** for each series of counts; empty for other tasks */
  series: readonly { pearson: number | null; leverage: number | null }[];
  /** numbers that two methods hardly ever share (`scoreFingerprint`); empty if they were not looked up */
  fingerprint: ReadonlyMap<string, number>;
}

export interface ProbingFinding {
  kind: 'thin-files' | 'many-runs' | 'nearly-equal-runs' | 'several-teams';
  /** one sentence */
  text: string;
}

type Thinness = 'empty' | 'few-images' | 'constant' | 'one-image';

/** Return why a run says too little to be an attempt; null if it does not. */
export function thinnessOf({ files, truth, series }: Run): Thinness | null {
  if (series.length > 0) {
    if (series.some(({ leverage }) => leverage !== null && leverage >= PROBING_LIMITS.leverage)) return 'one-image';
    return series.every(({ pearson }) => pearson === null) ? 'constant' : null;
  }
  const detections = files.reduce((sum, file) => sum + file.detections, 0);
  // the slots of a task share its images
  const images = Math.max(0, ...files.map((file) => file.images));
  if (detections < truth.objects * PROBING_LIMITS.detectionsPerObject) return 'empty';
  return images <= Math.max(1, truth.images * PROBING_LIMITS.imagesPredicted) && truth.images > 1 ? 'few-images' : null;
}

const THIN_WORDS: Readonly<Record<Thinness, string>> = {
  empty: `with fewer detections than ${PROBING_LIMITS.detectionsPerObject * 100} % of the objects`,
  'few-images': `with detections on at most ${PROBING_LIMITS.imagesPredicted * 100} % of the images`,
  constant: 'with one and the same count everywhere',
  'one-image': 'whose counts vary because of one image',
};

/** List what looks like probing in one person's runs of a task on a data set within `PROBING_DAYS`. */
export function probingIn(runs: readonly Run[]): ProbingFinding[] {
  const findings: ProbingFinding[] = [];
  const thin = Map.groupBy(runs, thinnessOf);
  thin.delete(null);
  const thinRuns = [...thin.values()].reduce((sum, some) => sum + some.length, 0);
  if (thinRuns >= PROBING_LIMITS.thinRuns) {
    const kinds = [...thin].map(([kind, some]) => `${some.length} ${THIN_WORDS[kind!]}`);
    findings.push({
      kind: 'thin-files',
      text: `${thinRuns} of ${runs.length} runs say too little to be attempts: ${kinds.join(', ')}. ${PROBING_LIMITS.thinRuns} open a case.`,
    });
  }
  const holders = new Set(runs.map(({ holder }) => holder)).size;
  if (holders >= PROBING_LIMITS.holders)
    findings.push({
      kind: 'several-teams',
      text: `The runs were sent for ${holders} teams or people that belong together; ${PROBING_LIMITS.holders} open a case.`,
    });
  if (runs.length >= PROBING_LIMITS.runs)
    findings.push({
      kind: 'many-runs',
      text: `${runs.length} scored runs within ${PROBING_DAYS} days; ${PROBING_LIMITS.runs} open a case.`,
    });
  const close = countNearlyEqual(runs);
  if (close >= PROBING_LIMITS.nearlyEqual)
    findings.push({
      kind: 'nearly-equal-runs',
      text: `The scores of ${close} runs are less than ${PROBING_LIMITS.distance * 100} per cent apart from those of another one; ${PROBING_LIMITS.nearlyEqual} open a case.`,
    });
  return findings;
}

/** Count the runs that are close to another one and not the same file again. */
function countNearlyEqual(runs: readonly Run[]): number {
  return runs.filter(({ fingerprint }, i) =>
    runs.some((other, j) => {
      const distance = i === j ? null : fingerprintDistance(fingerprint, other.fingerprint);
      return distance !== null && distance > 0 && distance < PROBING_LIMITS.distance;
    }),
  ).length;
}
