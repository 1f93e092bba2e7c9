import { describe, expect, it, test } from 'vitest';
import { SUBMISSION_STATES, type SubmissionState, TEAM_ROLES, VISIBILITIES, type Visibility } from '#db/schema.ts';
import * as api from '#lib/api.ts';
import * as may from '#lib/permissions.ts';

interface Kind {
  role?: 'researcher' | 'maintainer';
  team?: 'owner' | 'member';
  suspended?: boolean;
}
const person = (id: string, { role = 'researcher', team, suspended = false }: Kind = {}) => ({
  ...{ id, role, suspended, name: id, email: null },
  teams: [{ id: 'another team', role: 'owner' as const }, ...(team ? [{ id: 'team', role: team }] : [])],
});
const viewers = {
  stranger: null,
  other: person('other'),
  owner: person('owner'),
  'team owner': person('head', { team: 'owner' }),
  'team member': person('member', { team: 'member' }),
  maintainer: person('maintainer', { role: 'maintainer' }),
  'owner who maintains': person('owner', { role: 'maintainer' }),
  'suspended owner': person('owner', { suspended: true }),
  'suspended team owner': person('head', { team: 'owner', suspended: true }),
  'suspended maintainer': person('maintainer', { role: 'maintainer', suspended: true }),
} satisfies Record<string, may.Viewer>;
type Who = keyof typeof viewers;
const ALL = Object.keys(viewers) as Who[];

/** Those who may, in the order above. */
function allowed(rule: (viewer: may.Viewer) => boolean): Who[] {
  return ALL.filter((who) => rule(viewers[who]));
}

/** Whose an entry can be, and then: who owns it, and who of them may change it. */
const WHOSE = {
  'a person’s': {
    of: { userId: 'owner', teamId: null },
    owners: ['owner', 'owner who maintains', 'suspended owner'],
    acting: ['owner', 'owner who maintains'],
  },
  // submitted by `owner`, who has left the team since: the entry stays the team's
  'a team’s': {
    of: { userId: 'owner', teamId: 'team' },
    owners: ['team owner', 'team member', 'suspended team owner'],
    acting: ['team owner', 'team member'],
  },
  'nobody’s': { of: { userId: null, teamId: null }, owners: [], acting: [] },
} satisfies Record<string, { of: may.Belonging; owners: Who[]; acting: Who[] }>;
const MAINTAINERS: Who[] = ['maintainer', 'owner who maintains'];
const sorted = (who: Who[]) => ALL.filter((one) => who.includes(one));

type Where = Partial<Record<SubmissionState, readonly Visibility[]>>;
const ANY = VISIBILITIES;
const EVERY_STATE: Where = Object.fromEntries(SUBMISSION_STATES.map((state) => [state, ANY]));

/** In which state and visibility something can be done, and by whom; everywhere else by nobody. */
const ACTIONS: Record<
  string,
  {
    rule: (viewer: may.Viewer, entry: may.Owned & { filesDeletedAt: null; shown: false }) => boolean;
    by: 'acting owners' | 'maintainers' | 'owners and maintainers';
    where: Where;
  }
> = {
  publish: {
    rule: may.canPublish,
    by: 'acting owners',
    where: { queued: ['private'], scoring: ['private'], scored: ['private'] }, // only a maintainer lifts what one hid
  },
  unpublish: {
    rule: may.canUnpublish,
    by: 'acting owners',
    where: Object.fromEntries(SUBMISSION_STATES.map((state) => [state, ['pending', 'published']])),
  },
  withdraw: {
    rule: may.canWithdraw,
    by: 'acting owners',
    where: { uploading: ANY, queued: ANY, scoring: ANY, scored: ANY, rejected: ANY, failed: ANY },
  },
  'take out of the queue': { rule: may.canTakeOut, by: 'acting owners', where: { queued: ANY, scoring: ANY } },
  'submit again': { rule: may.canSubmitAgain, by: 'acting owners', where: { rejected: ANY, failed: ANY } },
  'delete files': { rule: may.canDeleteFiles, by: 'acting owners', where: { scored: ANY, rejected: ANY, failed: ANY } },
  'choose what is shown': { rule: may.canChooseShown, by: 'acting owners', where: { scored: ['published'] } },
  // nobody publishes for an owner who did not ask
  approve: { rule: may.canApprove, by: 'maintainers', where: { scored: ['pending'] } },
  'ask back and reject': {
    rule: may.canDecline,
    by: 'maintainers',
    where: Object.fromEntries(SUBMISSION_STATES.map((state) => [state, ['pending']])),
  },
  hide: {
    rule: may.canHide,
    by: 'maintainers',
    where: Object.fromEntries(SUBMISSION_STATES.map((state) => [state, ['published']])),
  },
  restore: { rule: may.canRestore, by: 'maintainers', where: { scored: ['hidden'] } },
  'try again': { rule: may.canTryAgain, by: 'maintainers', where: { failed: ANY } },
  feature: {
    rule: (viewer, entry) => may.canFeature(viewer, { ...entry, featured: false }),
    by: 'maintainers',
    where: { scored: ['published'] },
  },
  'take the mark of a baseline off': {
    rule: (viewer, entry) => may.canFeature(viewer, { ...entry, featured: true }),
    by: 'maintainers',
    where: EVERY_STATE,
  },
  verify: { rule: may.canVerify, by: 'maintainers', where: { scored: ANY } },
  'read files': { rule: may.canReadFiles, by: 'owners and maintainers', where: EVERY_STATE },
};

describe.each(Object.entries(WHOSE))('an entry that is %s', (_whose, { of, owners, acting }) => {
  const by = {
    'acting owners': sorted(acting),
    maintainers: MAINTAINERS,
    'owners and maintainers': sorted([...owners, ...MAINTAINERS]),
  };

  test.each(Object.entries(ACTIONS))('%s: who may, in every state and visibility', (_name, action) => {
    for (const state of SUBMISSION_STATES)
      for (const visibility of VISIBILITIES) {
        const entry = { ...of, state, visibility, filesDeletedAt: null, shown: false as const };
        const expected = action.where[state]?.includes(visibility) ? by[action.by] : [];
        expect({ state, visibility, who: allowed((viewer) => action.rule(viewer, entry)) }).toEqual({
          ...{ state, visibility },
          who: expected,
        });
      }
  });

  it('is seen by everyone when scored and published, else by its owners and maintainers', () => {
    for (const state of SUBMISSION_STATES)
      for (const visibility of VISIBILITIES) {
        const entry = { ...of, state, visibility };
        const all = state === 'scored' && visibility === 'published';
        expect(allowed((viewer) => may.canViewSubmission(viewer, entry))).toEqual(
          all ? ALL : by['owners and maintainers'],
        );
        expect(may.isPublic(entry)).toBe(all);
      }
  });

  test('its method: edited by its owners, seen by all once a version is public, its other versions not', () => {
    expect(allowed((viewer) => may.canEditMethod(viewer, of))).toEqual(by['acting owners']);
    expect(allowed((viewer) => may.canViewMethod(viewer, { ...of, public: true }))).toEqual(ALL);
    expect(allowed((viewer) => may.canViewMethod(viewer, { ...of, public: false }))).toEqual(
      by['owners and maintainers'],
    );
    expect(allowed((viewer) => may.canViewVersions(viewer, of))).toEqual(by['owners and maintainers']);
  });

  it('hides its maker, while anonymous, from all but its owners and maintainers', () => {
    expect(allowed((viewer) => may.canSeeIdentity(viewer, of))).toEqual(by['owners and maintainers']);
  });

  it('becomes anonymous unless it has been public under its name, and is revealed while it is', () => {
    const now = new Date();
    const [before, after] = [-1, 1].map((ms) => new Date(now.getTime() + ms));
    for (const state of SUBMISSION_STATES)
      for (const visibility of VISIBILITIES)
        for (const wasPublished of [false, true])
          for (const [anonymous, anonymousUntil] of [
            ...[[false, null] as const, [true, null] as const, [true, before] as const, [true, after] as const],
          ]) {
            const entry = { ...of, state, visibility, wasPublished, anonymous, anonymousUntil };
            const sealed = anonymous && anonymousUntil !== before;
            const named = !sealed && (wasPublished || visibility === 'published');
            const alive = state !== 'withdrawn' ? by['acting owners'] : [];
            expect(allowed((viewer) => may.canMakeAnonymous(viewer, entry, now))).toEqual(named ? [] : alive);
            expect(allowed((viewer) => may.canReveal(viewer, entry, now))).toEqual(sealed ? alive : []);
            expect(allowed((viewer) => may.canShareWithReviewers(viewer, entry))).toEqual(alive);
          }
  });

  it('has a name in the queue for its owners and maintainers; for others once published, and not while sealed', () => {
    for (const state of SUBMISSION_STATES)
      for (const visibility of VISIBILITIES)
        for (const anonymous of [false, true]) {
          const entry = { ...of, state, visibility, anonymous, anonymousUntil: null };
          expect(allowed((viewer) => may.canNameInQueue(viewer, entry))).toEqual(
            visibility === 'published' && !anonymous ? ALL : by['owners and maintainers'],
          );
        }
  });

  it('has no files to delete twice, and is not chosen when it is shown', () => {
    const entry = { ...of, state: 'scored', visibility: 'published' } as const;
    expect(allowed((viewer) => may.canDeleteFiles(viewer, { ...entry, filesDeletedAt: new Date() }))).toEqual([]);
    expect(allowed((viewer) => may.canChooseShown(viewer, { ...entry, shown: true }))).toEqual([]);
  });
});

/** Signed in and not suspended. */
const ACTIVE: Who[] = ['other', 'owner', 'team owner', 'team member', 'maintainer', 'owner who maintains'];

test.each<[string, (viewer: may.Viewer) => boolean, Who[]]>([
  ['change anything', may.canAct, ACTIVE],
  ['submit', may.canSubmit, ACTIVE],
  ['submit in their own name', (viewer) => may.canSubmitFor(viewer, null), ACTIVE],
  ['submit for the team', (viewer) => may.canSubmitFor(viewer, 'team'), ['team owner', 'team member']],
  ['submit for no team there is', (viewer) => may.canSubmitFor(viewer, 'no team'), []],
  ['moderate', may.canModerate, MAINTAINERS],
  ['manage people', may.canManagePeople, MAINTAINERS],
  ['manage tasks', may.canManageTasks, MAINTAINERS],
  ['manage ground truth', may.canManageGroundTruth, MAINTAINERS],
  ['read the audit log', may.canReadAudit, MAINTAINERS],
  [
    'use the owner’s upload',
    (viewer) => may.canUseUpload(viewer, { userId: 'owner' }),
    ['owner', 'owner who maintains'],
  ],
  ['create a team', may.canCreateTeam, ACTIVE],
  ['accept an invitation', may.canAcceptInvitation, ACTIVE],
  [
    'see the team',
    (viewer) => may.canViewTeam(viewer, 'team'),
    ['team owner', 'team member', 'maintainer', 'owner who maintains', 'suspended team owner'],
  ],
  ['manage the team', (viewer) => may.canManageTeam(viewer, 'team'), ['team owner']],
  ['leave the team', (viewer) => may.canLeaveTeam(viewer, 'team'), ['team owner', 'team member']],
])('who may %s', (_what, rule, who) => {
  expect(allowed(rule)).toEqual(sorted(who));
});

test('nobody’s things are not a stranger’s', () => {
  expect(may.isOwner(null, { userId: null, teamId: null })).toBe(false);
});

test('annotations are read only where they are public', () => {
  expect(may.canReadAnnotations({ public: true })).toBe(true);
  expect(may.canReadAnnotations({ public: false })).toBe(false);
});

test('pictures are seen where they are public, outlines over them where annotations are too', () => {
  const [shown, hidden] = [{ public: true }, { public: false }];
  expect([shown, hidden].map(may.canSeePictures)).toEqual([true, false]);
  expect(may.canSeeOutlines(shown, shown)).toBe(true);
  for (const [dataset, pictures] of [
    [shown, hidden],
    [hidden, shown],
    [hidden, hidden],
  ])
    expect(may.canSeeOutlines(dataset, pictures)).toBe(false);
});

test('the interface and the tables speak of the same roles, states and visibilities', () => {
  expect(api.SUBMISSION_STATES).toEqual(SUBMISSION_STATES);
  expect(api.VISIBILITIES).toEqual(VISIBILITIES);
  expect(api.TEAM_ROLES).toEqual(TEAM_ROLES);
});
