/**
 * A board as it was on a day: its public rows, with a digest by which anyone can tell that nothing was changed. The
 * names of entries that were deleted or hidden later are taken out of old snapshots; digest, date and reason stay.
 */
import type { Evaluation, ProtocolId } from './coco/protocol.ts';
import type { BoardEntry } from './public-entry.ts';
import { canonicalDigest } from './receipts/canonical.ts';

/** A row as the API tells it (`boardRowSchema`): dates are texts. */
export interface SnapshotRow {
  kind: 'entry' | 'reference';
  id: string;
  rank: number | null;
  rankRange: [number, number] | null;
  tier: number | null;
  method: string;
  methodId: string | null;
  version: number | null;
  submitter: string | null;
  team: string | null;
  authors: string;
  anonymous: boolean;
  verifiedAt: string | null;
  verifiedBy: string | null;
  level: 'scored' | 'code' | 'verified' | null;
  demo: boolean;
  paperUrl: string | null;
  codeUrl: string | null;
  testImagesSeen: boolean | null;
  publishedAt: string | null;
  unscored: boolean;
  runs: number | null;
  values: Record<string, number | null>;
  intervals: Record<string, [number, number]>;
  note?: string;
  source?: string;
  subset?: string;
}

export interface SnapshotBoard {
  evaluation: Evaluation;
  /** key of the column that ranks it */
  sort: string | null;
  resolution: number | null;
  verdict: string | null;
  rows: SnapshotRow[];
}

export interface SnapshotContent {
  schema: 1;
  task: string;
  dataset: { name: string; sha256: string; images: number; objects: number; demo: boolean; part?: object };
  protocol: ProtocolId;
  /** masks, then boxes, where the task has them */
  boards: SnapshotBoard[];
}

/** What was taken out of a snapshot after it was made. */
export interface Redaction {
  entry: string;
  at: string;
  reason: 'deleted' | 'hidden' | 'sealed' | 'name-removed';
}

export const REDACTION_WORDS: Readonly<Record<Redaction['reason'], string>> = {
  deleted: 'the entry was deleted',
  hidden: 'the entry was hidden by a maintainer',
  sealed: 'the entry is anonymous now',
  'name-removed': 'a person’s name was taken off the entry',
};

/** An entry as it is now; null: it is no longer there. */
export type EntryNow =
  | (Pick<BoardEntry, 'method' | 'submitter' | 'team' | 'authors' | 'verifiedBy' | 'anonymous'> & {
      hidden: boolean;
      /** its owner's account is deleted, and `submitter` is the name that they left */
      credited: boolean;
    })
  | null;

/** Return the SHA-256 of a snapshot's canonical JSON (RFC 8785), as hex. */
export function digestOf(content: SnapshotContent): Promise<string> {
  return canonicalDigest(content);
}

/** Return the id of a snapshot, which is also the end of its address: task, day (UTC) and the digest's beginning. */
export function snapshotId(task: string, takenAt: Date, digest: string): string {
  return `${task}-${takenAt.toISOString().slice(0, 10)}-${digest.slice(0, 12)}`;
}

/** Return the ids of the entries that a snapshot names. */
export function entriesOf(content: SnapshotContent): string[] {
  const ids = content.boards.flatMap(({ rows }) => rows.filter(({ kind }) => kind === 'entry').map(({ id }) => id));
  return [...new Set(ids)];
}

/**
 * Take names out of a snapshot that the public may no longer see. Ranks and numbers stay.
 *
 * @param now each entry of `entriesOf` as it is now
 * @returns the content, and what was taken out of it for the first time: empty if nothing was
 */
export function redact(
  content: SnapshotContent,
  now: ReadonlyMap<string, EntryNow>,
  at: Date,
): { content: SnapshotContent; redactions: Redaction[] } {
  const reasons = new Map<string, Redaction['reason']>();
  const boards = content.boards.map((board) => ({
    ...board,
    rows: board.rows.map((row) => {
      if (row.kind !== 'entry') return row;
      const { row: told, reason } = redactRow(row, now.get(row.id) ?? null);
      if (reason) reasons.set(row.id, reason);
      return told;
    }),
  }));
  if (reasons.size === 0) return { content, redactions: [] };
  const redactions = [...reasons].map(([entry, reason]) => ({ entry, at: at.toISOString(), reason }));
  return { content: { ...content, boards }, redactions };
}

/** The name of an entry that a maintainer hid: its own may be the reason. */
export const HIDDEN_ENTRY = 'Hidden entry';
const REMOVED = 'Removed entry';

function redactRow(row: SnapshotRow, now: EntryNow): { row: SnapshotRow; reason: Redaction['reason'] | null } {
  const changed = (change: Partial<SnapshotRow>, reason: Redaction['reason']) => {
    const told = { ...row, ...change };
    return JSON.stringify(told) === JSON.stringify(row) ? { row, reason: null } : { row: told, reason };
  };
  if (now === null) return changed({ ...NOBODY, method: REMOVED }, 'deleted');
  if (now.hidden) return changed({ ...NOBODY, method: HIDDEN_ENTRY }, 'hidden');
  // what was taken out stays out
  if (row.method === REMOVED || row.method === HIDDEN_ENTRY) return { row, reason: null };
  if (now.anonymous && !row.anonymous) return changed({ ...NOBODY, method: now.method, anonymous: true }, 'sealed');
  // of an anonymous row nothing is known that could go
  if (row.anonymous) return { row, reason: null };
  // names that the entry no longer has are those of people who left; a name that only changed is history
  return changed(
    {
      submitter: now.submitter === null || now.credited ? row.submitter && now.submitter : row.submitter,
      team: now.team === null ? null : row.team,
      authors: now.authors === '' ? '' : row.authors,
      verifiedBy: now.verifiedBy === null ? null : row.verifiedBy,
    },
    'name-removed',
  );
}

const NOBODY = {
  methodId: null,
  version: null,
  submitter: null,
  team: null,
  authors: '',
  paperUrl: null,
  codeUrl: null,
  verifiedBy: null,
} as const;

/** How to cite a snapshot, in words and as BibTeX. */
export function citationOf(
  snapshot: { id: string; takenAt: Date; digest: string },
  { task, dataset, site }: { task: string; dataset: string; site: string },
): { text: string; bibtex: string; url: string } {
  const day = snapshot.takenAt.toISOString().slice(0, 10);
  const url = `${site}/snapshots/${snapshot.id}`;
  const title = `${task} leaderboard on ${dataset}, snapshot of ${day}`;
  return {
    url,
    text: `LIVECell benchmark. ${title}. SHA-256 ${snapshot.digest}. ${url}`,
    bibtex: `@misc{${snapshot.id},\n  title = {{${tex(title)}}},\n  author = {{LIVECell benchmark}},\n  year = {${day.slice(0, 4)}},\n  howpublished = {\\url{${url}}},\n  note = {SHA-256 ${snapshot.digest}}\n}\n`,
  };
}

function tex(text: string): string {
  return text.replace(/[&%$#_{}]/g, '\\$&').replace(/[~^\\](?![&%$#_{}])/g, ' ');
}
