/** What is taken out of old snapshots, and what stays. */
import { expect, test } from 'vitest';
import { citationOf, digestOf, type EntryNow, redact, type SnapshotContent, type SnapshotRow } from '#lib/snapshots.ts';

const row = (change: Partial<SnapshotRow> = {}): SnapshotRow => ({
  kind: 'entry',
  id: 'one',
  rank: 1,
  rankRange: [1, 2],
  tier: 1,
  method: 'CellNet',
  methodId: 'm1',
  version: 2,
  submitter: 'Ada',
  team: 'Cell Lab',
  authors: 'A. Lovelace',
  anonymous: false,
  verifiedAt: '2026-01-02T00:00:00.000Z',
  verifiedBy: 'Mo',
  level: 'verified',
  demo: false,
  paperUrl: 'https://example.org/paper',
  codeUrl: 'https://example.org/code',
  testImagesSeen: false,
  publishedAt: '2026-01-01T00:00:00.000Z',
  unscored: false,
  runs: 3,
  values: { AP: 0.479 },
  intervals: { AP: [0.45, 0.5] },
  ...change,
});
const content = (...rows: SnapshotRow[]): SnapshotContent => ({
  schema: 1,
  task: 'livecell-wide',
  dataset: { name: 'test', sha256: 'f'.repeat(64), images: 3, objects: 9, demo: false },
  protocol: 'livecell-paper',
  boards: [{ evaluation: 'segm', sort: 'AP', resolution: null, verdict: null, rows }],
});
const NOW: NonNullable<EntryNow> = {
  method: 'CellNet',
  submitter: 'Ada',
  team: 'Cell Lab',
  authors: 'A. Lovelace',
  verifiedBy: 'Mo',
  anonymous: false,
  hidden: false,
  credited: false,
};
const AT = new Date('2026-05-06T07:08:09Z');
const after = (now: Partial<NonNullable<EntryNow>> | null, before = row()) => {
  const found = redact(content(before), new Map([['one', now && { ...NOW, ...now }]]), AT);
  return { row: found.content.boards[0].rows[0], redactions: found.redactions };
};

test('nothing changes while the entry is as it was, or has another name', () => {
  for (const now of [{}, { method: 'CellNet 2', submitter: 'Ada King', team: 'Other Lab', authors: 'A. King' }])
    expect(after(now)).toEqual({ row: row(), redactions: [] });
});

test.each([
  ['deleted', null, 'Removed entry'],
  ['hidden', { hidden: true }, 'Hidden entry'],
  ['sealed', { anonymous: true, method: 'Anonymous entry 7' }, 'Anonymous entry 7'],
] as const)('an entry that is %s loses its names and keeps rank and numbers', (reason, now, method) => {
  const { row: told, redactions } = after(now);
  expect(redactions).toEqual([{ entry: 'one', at: AT.toISOString(), reason }]);
  expect(JSON.stringify(told)).not.toMatch(/CellNet|Ada|Cell Lab|Lovelace|Mo"|example\.org|"m1"/);
  expect(told).toMatchObject({ method, id: 'one', rank: 1, rankRange: [1, 2], values: { AP: 0.479 } });
  // once: a second look finds nothing more to take out
  expect(after(now, told)).toEqual({ row: told, redactions: [] });
});

test('a person who left is gone from rows that stay, or has the name that they left', () => {
  expect(after({ submitter: null }).row).toEqual(row({ submitter: null }));
  expect(after({ submitter: 'A former student', credited: true }).row.submitter).toBe('A former student');
  expect(after({ verifiedBy: null })).toMatchObject({
    row: row({ verifiedBy: null }),
    redactions: [{ reason: 'name-removed' }],
  });
});

test('what was anonymous stays so when it is revealed later, and what was taken out stays out', () => {
  const sealed = row({ anonymous: true, method: 'Anonymous entry 7', submitter: null, team: null, authors: '' });
  expect(after({}, sealed)).toEqual({ row: sealed, redactions: [] });
  const { row: hidden } = after({ hidden: true });
  expect(after({ hidden: false }, hidden)).toEqual({ row: hidden, redactions: [] });
});

test('a reference is nobody’s', () => {
  const reference = row({ kind: 'reference' });
  expect(redact(content(reference), new Map(), AT).redactions).toEqual([]);
});

test('the digest is of the content, whatever the order of its members', async () => {
  const { task, schema, ...rest } = content(row());
  const digest = await digestOf({ ...rest, task, schema });
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  expect(await digestOf(content(row()))).toBe(digest);
  expect(await digestOf(content(row({ values: { AP: 0.4790000000000001 } })))).not.toBe(digest);
});

test('a citation has task, data set, day, digest and address', () => {
  const { text, bibtex, url } = citationOf(
    { id: 'livecell-wide-2026-05-06-abc', takenAt: AT, digest: 'abc' },
    { task: 'LIVECell-wide', dataset: 'A & B_1', site: 'https://example.org' },
  );
  expect(url).toBe('https://example.org/snapshots/livecell-wide-2026-05-06-abc');
  for (const part of ['LIVECell-wide', 'A & B_1', '2026-05-06', 'SHA-256 abc', url]) expect(text).toContain(part);
  expect(bibtex).toContain('A \\& B\\_1');
  expect(bibtex).toContain(`\\url{${url}}`);
});
