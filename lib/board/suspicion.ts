/**
 * What a program can suspect of a submission. A finding opens a case for a maintainer and decides nothing: each is a
 * sentence that says what was seen and where the limit is.
 */
import type { CopiedMasks } from '#lib/scoring/copied-masks.ts';

// --- how close two entries' scores are ---

/** Where a report's `results` keep numbers that tell methods apart: AP at each IoU, transfers, what counts come to. */
const TELLING = new Set(['apPerIou', 'matrix', 'r2', 'slope', 'intercept', 'meanAbsoluteError']);
/** Slices of a slice, which would say the same thing twice. */
const REPEATED = new Set(['overall', 'sensitivity']);

/**
 * The numbers of an entry that hardly two methods share: for most tasks AP at the ten IoU thresholds of each cell
 * type, of masks where there are any. Keys say where in `results` a number stands.
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
    // masks and boxes of one file say the same; the overall numbers repeat those of the types where these are there
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

/** Fewer numbers in common than this say nothing. */
const FEWEST_NUMBERS = 8;

/**
 * Root mean square of the differences between the numbers two entries have in common; null where they cannot be
 * compared: too few numbers in common, or nothing but zeros.
 */
export function fingerprintDistance(a: Map<string, number>, b: Map<string, number>): number | null {
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

/** AP of masks at the last of the ten thresholds, 0.95, all images; the highest, where a task has several such numbers. */
export function highestAp95(results: unknown): number | null {
  const found: number[] = [];
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { apPerIou, segm, overall } = value as Record<string, unknown>;
    if (Array.isArray(apPerIou)) found.push(...apPerIou.slice(-1).filter((last) => typeof last === 'number'));
    else if ('segm' in value || 'bbox' in value) look(segm);
    else if (overall !== undefined) look(overall);
    else for (const inner of Object.values(value)) look(inner);
  };
  look(results);
  return found.length > 0 ? Math.max(...found) : null;
}

// --- where an entry would stand ---

export interface Peer {
  id: string;
  method: string;
  value: number | null;
}

export interface Standing {
  /** 1, 2, 2, 4 among the published entries and this one */
  rank: number;
  /** how many there would be on the board, this one included */
  of: number;
  /** the best of the others, and how far this one is from it: above 0 means better */
  best: (Peer & { value: number; ahead: number }) | null;
}

/** The rank a value would get on a board of `peers`; null where there is no value. */
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

/** Above these, a case is opened. What each is derived from stands beside it. */
export const RADAR_LIMITS = {
  /** of the fingerprint: two training runs of one model differ by several tenths of a per cent */
  distance: 0.001,
  /** of all detections: masks of 64 pixels and more are not equal by chance, but once in a while annotations are copied */
  exactShare: 0.0002,
  /** and at least so many */
  exactCount: 6,
  /** of masks: outlines that people draw twice seldom agree so well, and methods learn from what people draw */
  ap95: 0.25,
} as const;

export interface Finding {
  kind: 'same-file' | 'close-scores' | 'copied-ground-truth' | 'implausible-ap95';
  /** one sentence */
  text: string;
  /** where to look: a path of this site */
  link: string;
}

export interface Suspect {
  id: string;
  exactGroundTruth?: CopiedMasks;
  /** of masks, all images; null where there are none */
  ap95: number | null;
  fingerprint: Map<string, number>;
}

/** Another account's submission, as a finding speaks of it. */
export interface Other {
  id: string;
  method: string;
  /** whose it is; null: nobody's */
  submitter: string | null;
}

/**
 * What is to be looked at before this submission is published, most telling first.
 *
 * @param sameFile other accounts' submissions with one of its files, byte by byte
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
