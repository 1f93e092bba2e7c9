/**
 * Automatic suspicions about a submission. A finding opens a case for a maintainer and decides nothing: each is a
 * sentence that states the observation and the limit.
 */
import type { CopiedMasks } from '#lib/scoring/copied-masks.ts';

// --- how close two entries' scores are ---

/**
 * Keys in a report's `results` with numbers that distinguish methods: AP at each IoU, transfer matrix, count
 * statistics.
 */
const TELLING = new Set(['apPerIou', 'matrix', 'r2', 'slope', 'intercept', 'meanAbsoluteError']);
/** Slices of a slice, which would repeat the same numbers. */
const REPEATED = new Set(['overall', 'sensitivity']);

/**
 * Return the numbers of an entry that two methods hardly ever share: for most tasks AP at the ten IoU thresholds of
 * each cell type, for masks if there are any. Keys are paths in `results`.
 *
 * @param results of a report of any task
 */
export function scoreFingerprint(results: unknown): Map<string, number> {
  const fingerprint = new Map<string, number>();
  const collect = (value: unknown, path: string, telling: boolean): void => {
    if (typeof value === 'number') {
      if (telling) fingerprint.set(path, value);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    const entries = Object.entries(value);
    // masks and boxes of one file are redundant; the overall numbers are, too, if the types' numbers are there
    const masks = entries.some(([key, inner]) => key === 'segm' && inner);
    const types = entries.some(([key, inner]) => key === 'cellTypes' && inner && Object.keys(inner).length > 0);
    for (const [key, inner] of entries) {
      if ((masks && key === 'bbox') || (types && REPEATED.has(key)) || key === 'sensitivity') continue;
      collect(inner, path ? `${path}.${key}` : key, telling || TELLING.has(key));
    }
  };
  collect(results, '', false);
  return fingerprint;
}

/** With fewer common numbers, fingerprints cannot be compared. */
const FEWEST_NUMBERS = 8;

/**
 * Return the root mean square difference of two entries' common numbers; null if they cannot be compared: too few
 * common numbers, or only zeros.
 */
export function fingerprintDistance(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number | null {
  let squares = 0;
  let count = 0;
  let most = 0;
  for (const [key, x] of a) {
    const y = b.get(key);
    if (y === undefined) continue;
    squares += (x - y) ** 2;
    most = Math.max(most, Math.abs(x), Math.abs(y));
    count++;
  }
  return count < FEWEST_NUMBERS || most < 0.01 ? null : Math.sqrt(squares / count);
}

/** Return AP of masks at the last of the ten thresholds, 0.95, all images; the highest if a task has several. */
export function highestAp95(results: unknown): number | null {
  const found: number[] = [];
  const lookInto = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { apPerIou, segm, overall } = value as Record<string, unknown>;
    if (Array.isArray(apPerIou)) found.push(...apPerIou.slice(-1).filter((last) => typeof last === 'number'));
    else if ('segm' in value || 'bbox' in value) lookInto(segm);
    else if (overall !== undefined) lookInto(overall);
    else for (const inner of Object.values(value)) lookInto(inner);
  };
  lookInto(results);
  return found.length > 0 ? Math.max(...found) : null;
}

// --- the standing an entry would have ---

interface Peer {
  id: string;
  method: string;
  value: number | null;
}

export interface Standing {
  /** 1, 2, 2, 4 among the published entries including this one */
  rank: number;
  /** number of entries on the board including this one */
  of: number;
  /** the best of the others, and this one's lead over it: above 0 means better */
  best: (Peer & { value: number; ahead: number }) | null;
}

/** Return the rank a value would get on a board of `peers`; null without a value. */
export function standingOf(value: number | null, peers: readonly Peer[], better: 'higher' | 'lower'): Standing | null {
  if (value === null) return null;
  const sign = better === 'higher' ? 1 : -1;
  const ranked = peers.filter((peer): peer is Peer & { value: number } => peer.value !== null);
  const best = ranked.reduce<(Peer & { value: number }) | null>(
    (most, peer) => (most === null || sign * (peer.value - most.value) > 0 ? peer : most),
    null,
  );
  return {
    rank: 1 + ranked.filter((peer) => sign * (peer.value - value) > 0).length,
    of: ranked.length + 1,
    best: best && { ...best, ahead: sign * (value - best.value) },
  };
}

// --- findings ---

/** Above these limits a case is opened. The reason for each is given with it. */
export const RADAR_LIMITS = {
  /** for fingerprints: two training runs of one model differ by several tenths of a per cent */
  distance: 0.001,
  /** of all detections: masks of 64 pixels or more are not equal by chance, but occasionally annotations are copied */
  exactShare: 0.0002,
  /** and at least this many */
  exactCount: 6,
  /** for masks: outlines that people draw twice seldom agree so well, and methods learn from human outlines */
  ap95: 0.25,
} as const;

export interface Finding {
  kind: 'same-file' | 'close-scores' | 'copied-ground-truth' | 'implausible-ap95' | 'probing';
  /** one sentence */
  text: string;
  /** where to look: a path on this site */
  link: string;
}

interface Suspect {
  id: string;
  exactGroundTruth?: CopiedMasks;
  /** for masks, all images; null without masks */
  ap95: number | null;
  fingerprint: Map<string, number>;
}

/** Another account's submission, as described in a finding. */
interface Other {
  id: string;
  method: string;
  /** its submitter; null: none */
  submitter: string | null;
}

/**
 * List what to check before this submission is published, strongest evidence first.
 *
 * @param sameFile other accounts' submissions that contain one of its files, byte by byte
 * @param others other accounts' scored submissions to the same task and data set
 */
export function findingsOf(
  suspect: Suspect,
  sameFile: readonly (Other & { fileName: string })[],
  others: readonly (Other & { fingerprint: Map<string, number> })[],
): Finding[] {
  const findings: Finding[] = sameFile.map(({ fileName, ...other }) => ({
    kind: 'same-file',
    text: `The file ${fileName} is, byte by byte, that of ${nameOf(other)}.`,
    link: `/submissions/${other.id}`,
  }));
  const known = new Set(sameFile.map(({ id }) => id));
  const { exactGroundTruth: exact, ap95 } = suspect;
  if (exact && exact.count >= RADAR_LIMITS.exactCount && exact.count > exact.detections * RADAR_LIMITS.exactShare) {
    const share = (100 * exact.count) / exact.detections;
    findings.push({
      kind: 'copied-ground-truth',
      text:
        `${exact.count.toLocaleString('en-US')} of ${exact.detections.toLocaleString('en-US')} masks ` +
        `(${share < 0.1 ? share.toFixed(2) : share.toFixed(1)} %) are those of the ground truth, pixel by pixel; ` +
        `chance explains at most ${RADAR_LIMITS.exactShare * 100} %.`,
      link: `/entries/${suspect.id}`,
    });
  }
  if (ap95 !== null && ap95 > RADAR_LIMITS.ap95)
    findings.push({
      kind: 'implausible-ap95',
      text:
        `AP at IoU 0.95 is ${(100 * ap95).toFixed(1)} %: outlines that fit closer than people repeat their own. ` +
        `Above ${RADAR_LIMITS.ap95 * 100} % a case is opened.`,
      link: `/entries/${suspect.id}`,
    });
  const close = others
    .flatMap((other) => {
      const distance = known.has(other.id) ? null : fingerprintDistance(suspect.fingerprint, other.fingerprint);
      return distance !== null && distance < RADAR_LIMITS.distance ? [{ other, distance }] : [];
    })
    .sort((a, b) => a.distance - b.distance);
  for (const { other, distance } of close.slice(0, 3))
    findings.push({
      kind: 'close-scores',
      text:
        distance === 0
          ? `Its scores are exactly those of ${nameOf(other)}.`
          : `Its scores are close to those of ${nameOf(other)}: ${(100 * distance).toFixed(3)} per cent apart in ` +
            `the mean over IoU thresholds and cell types; below ${RADAR_LIMITS.distance * 100} a case is opened.`,
      link: `/submissions/${other.id}`,
    });
  return findings;
}

function nameOf({ method, submitter }: Other): string {
  return submitter ? `“${method}” by ${submitter}` : `“${method}”`;
}
