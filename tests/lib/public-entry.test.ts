import { describe, expect, expectTypeOf, it } from 'vitest';
import type { BoardRow } from '#db/board/board.ts';
import {
  anonymousName,
  boardEntry,
  type EntrySource,
  isSealed,
  type Look,
  type PublicEntry,
  publicEntry,
  publicReport,
} from '#lib/public-entry.ts';
import { someReports } from '#tests/db/fixtures.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const LATER = new Date('2026-04-01T00:00:00Z');

/** Every identity field holds a word that is nowhere else. */
function source(seal: { anonymous: boolean; anonymousUntil?: Date | null }): EntrySource {
  return {
    submission: {
      id: 's1',
      task: 'livecell-wide',
      methodId: 'canary-method-id',
      version: 3,
      creditedTo: null,
      method: 'canary-name',
      description: 'canary-description',
      trainingData: 'canary-training',
      paperUrl: 'https://canary-paper',
      codeUrl: 'https://canary-code',
      testImagesSeen: true,
      exposure: 'more-data',
      licence: 'CC-BY-4.0',
      cellsShown: true,
      filesShared: false,
      state: 'scored',
      visibility: 'published',
      demo: false,
      featured: false,
      anonymousNumber: 7,
      anonymousUntil: null,
      verifiedAt: NOW,
      verifiedNote: 'canary-verified',
      ...seal,
      createdAt: NOW,
      startedAt: NOW,
      finishedAt: NOW,
      publishedAt: NOW,
    },
    method: {
      name: 'canary-method',
      description: 'canary-about',
      paperUrl: null,
      codeUrl: null,
      parameters: 123.25,
      authors: 'canary-authors',
      architecture: 'canary-architecture',
      pretraining: 'canary-pretraining',
      extraData: 'canary-data',
      secondsPerImage: 4.125,
    },
    team: { name: 'canary-team' },
    user: { name: 'canary-user', affiliation: 'canary-affiliation', orcid: 'canary-orcid' },
    verifier: 'canary-verifier',
  };
}

describe('a sealed entry', () => {
  const sealed = source({ anonymous: true });

  it.each<Look>(['public', 'reviewer'])('says nothing of who made it to: %s', (look) => {
    const entry = publicEntry(sealed, look, NOW);
    expect(entry.method).toBe('Anonymous entry 7');
    expect(entry.anonymous).toEqual({ name: 'Anonymous entry 7', identityShown: false, until: null });
    expect(JSON.stringify(entry)).not.toMatch(/canary|123\.25|4\.125/);
    // what the board's honesty needs stays
    expect(entry).toMatchObject({ id: 's1', testImagesSeen: true, publishedAt: NOW });
    // whoever re-ran it may be a colleague, or its owner
    expect(entry).toMatchObject({ verifiedAt: NOW, verifiedBy: null, verifiedNote: null });
    expect(publicEntry(sealed, 'insider', NOW).verifiedBy).toBe('canary-verifier');
  });

  it('is itself to its owner, the team and maintainers, with the name others see', () => {
    const entry = publicEntry(sealed, 'insider', NOW);
    expect(entry).toMatchObject({ method: 'canary-method', submitter: 'canary-user', team: 'canary-team' });
    expect(entry.anonymous).toEqual({ name: 'Anonymous entry 7', identityShown: true, until: null });
  });

  it('stands on the board without a word of who made it, whoever looks', () => {
    const row = boardEntry(sealed, NOW);
    expect(row).toMatchObject({ method: 'Anonymous entry 7', anonymous: true, submitter: null, team: null });
    expect(JSON.stringify(row)).not.toMatch(/canary|123\.25|4\.125/);
    expect(boardEntry(source({ anonymous: false }), NOW)).toMatchObject({ method: 'canary-method', anonymous: false });
  });

  it('does not say until when to others', () => {
    const dated = source({ anonymous: true, anonymousUntil: LATER });
    expect(publicEntry(dated, 'public', NOW).anonymous?.until).toBeNull();
    expect(publicEntry(dated, 'insider', NOW).anonymous?.until).toEqual(LATER);
  });

  it('quotes nothing from its file: warnings keep their kind and count', () => {
    const code = 'unknown-image' as const;
    const warnings = [{ code, message: 'Left out: “canary.json”, “canary/b”.', count: 2, examples: ['canary'] }];
    const [report] = someReports();
    const shown = publicReport({ ...report, warnings }, publicEntry(sealed, 'public', NOW));
    expect(shown).toEqual({ ...report, warnings: [{ code, message: 'Left out: “…”, “…”.', count: 2 }] });
    const own = publicReport({ ...report, warnings }, publicEntry(sealed, 'insider', NOW));
    expect(own.warnings).toEqual(warnings);
  });
});

describe('the version of an entry', () => {
  it('is its own only beside a method: without one there is nothing it counts', () => {
    const named = source({ anonymous: false });
    expect(publicEntry(named, 'public', NOW)).toMatchObject({ methodId: 'canary-method-id', version: 3 });
    const alone = { ...named, submission: { ...named.submission, methodId: null }, method: null };
    for (const look of ['public', 'insider'] as const)
      expect(publicEntry(alone, look, NOW)).toMatchObject({ methodId: null, version: null });
  });
});

describe('an entry is sealed', () => {
  it('until its date, to the millisecond, and without one until its owner says otherwise', () => {
    expect(isSealed({ anonymous: true, anonymousUntil: null }, LATER)).toBe(true);
    expect(isSealed({ anonymous: true, anonymousUntil: LATER }, new Date(LATER.getTime() - 1))).toBe(true);
    expect(isSealed({ anonymous: true, anonymousUntil: LATER }, LATER)).toBe(false);
    expect(isSealed({ anonymous: false, anonymousUntil: LATER }, NOW)).toBe(false);
  });

  it('to reviewers also when it was never anonymous', () => {
    expect(JSON.stringify(publicEntry(source({ anonymous: false }), 'reviewer', NOW))).not.toContain('canary');
  });
});

describe('a revealed entry', () => {
  it('says all there is to say', () => {
    const entry = publicEntry(source({ anonymous: true, anonymousUntil: NOW }), 'public', LATER);
    expect(entry).toMatchObject({
      method: 'canary-method',
      methodId: 'canary-method-id',
      version: 3,
      anonymous: null,
      description: 'canary-description',
      paperUrl: 'https://canary-paper',
      authors: 'canary-authors',
      submitter: 'canary-user',
      affiliation: 'canary-affiliation',
      orcid: 'canary-orcid',
    });
  });

  it('is credited to the name that a deleted account left', () => {
    const left = source({ anonymous: false });
    left.submission.creditedTo = 'Somebody';
    expect(publicEntry({ ...left, user: null }, 'public', NOW).submitter).toBe('Somebody');
  });
});

it('public forms have no ids of people: the types say so', () => {
  type Ids = 'userId' | 'teamId' | 'email' | 'reviewSha256';
  expectTypeOf<Extract<keyof PublicEntry, Ids>>().toBeNever();
  expectTypeOf<Extract<keyof BoardRow, Ids>>().toBeNever();
  expect(anonymousName(null)).toBe('Anonymous entry');
});
