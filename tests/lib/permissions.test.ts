import { expect, test } from 'vitest';
import { submissions, teamMembers } from '#db/schema.ts';
import * as may from '#lib/permissions.ts';
import { SUBMISSION_STATES, type SubmissionState, TEAM_ROLES, VISIBILITIES, type Visibility } from '#lib/vocabulary.ts';

interface Kind {
  role?: 'researcher' | 'maintainer';
  team?: 'owner' | 'member';
  suspended?: boolean;
}
const person = (id: string, { role = 'researcher', team, suspended = false }: Kind = {}) => ({
  id,
  role,
  suspended,
  name: id,
  email: null,
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

/** Return the viewers that a rule permits, in the order above. */
function allowed(rule: (viewer: may.Viewer) => boolean): Who[] {
  return ALL.filter((who) => rule(viewers[who]));
}

/** Possible kinds of ownership, with the viewers who own such an entry and those of them who may change it. */
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

/** Signed in and not suspended. */
const ACTIVE: Who[] = ['other', 'owner', 'team owner', 'team member', 'maintainer', 'owner who maintains'];
const IN_TEAM: Who[] = ['team owner', 'team member', 'suspended team owner'];

/** Everything a rule may want to know of a thing, in every combination there is. */
const NOW = new Date();
const [EARLIER, LATER] = [-1, 1].map((ms) => new Date(NOW.getTime() + ms));
interface Thing extends may.Owned {
  whose: (typeof WHOSE)[keyof typeof WHOSE];
  anonymous: boolean;
  anonymousUntil: Date | null;
  wasPublished: boolean;
  filesDeletedAt: Date | null;
  cellsShown: boolean;
  filesShared: boolean;
  failure: string | null;
  shown: boolean;
  featured: boolean;
  public: boolean;
}
const BOTH = [false, true];
const THINGS: Thing[] = Object.values(WHOSE).flatMap((whose) =>
  SUBMISSION_STATES.flatMap((state) =>
    VISIBILITIES.flatMap((visibility) =>
      [[false, null] as const, [true, null] as const, [true, EARLIER] as const, [true, LATER] as const].flatMap(
        ([anonymous, anonymousUntil]) =>
          BOTH.flatMap((wasPublished) =>
            // each of these is asked by one rule alone, so they need not be combined
            BOTH.map((flag) => ({
              ...whose.of,
              whose,
              state,
              visibility,
              anonymous,
              anonymousUntil,
              wasPublished,
              filesDeletedAt: flag ? EARLIER : null,
              cellsShown: flag,
              filesShared: !flag,
              // of one that waits; `filesDeletedAt` and this are asked by one rule, about three states
              failure: wasPublished ? 'The disk is full.' : null,
              shown: flag,
              featured: flag,
              public: flag,
            })),
          ),
      ),
    ),
  ),
);

const SETS = {
  everybody: () => ALL,
  nobody: () => [],
  'signed in': () => ALL.filter((who) => who !== 'stranger'),
  active: () => ACTIVE,
  maintainers: () => MAINTAINERS,
  owners: ({ whose }: Thing) => whose.owners,
  'acting owners': ({ whose }: Thing) => whose.acting,
  'owners and maintainers': ({ whose }: Thing) => [...whose.owners, ...MAINTAINERS],
} satisfies Record<string, (thing: Thing) => Who[]>;

interface Rule {
  /** who may, or those themselves */
  who: keyof typeof SETS | Who[];
  /** only then; */
  when?: (thing: Thing) => boolean;
  /** and these, where it is not so; nobody unless said otherwise */
  otherwise?: keyof typeof SETS;
  /** whatever else holds, nobody may then */
  never?: (thing: Thing) => boolean;
  /** where it is asked otherwise than with the viewer and the thing */
  ask?: (viewer: may.Viewer, thing: Thing) => boolean;
}

const isIn =
  (...states: SubmissionState[]) =>
  ({ state }: Thing) =>
    states.includes(state);
const isSeen =
  (...visibilities: Visibility[]) =>
  ({ visibility }: Thing) =>
    visibilities.includes(visibility);
const onBoard = (thing: Thing) => thing.state === 'scored' && thing.visibility === 'published';
/** Its name is a secret now. */
const isSecret = ({ anonymous, anonymousUntil }: Thing) => anonymous && anonymousUntil !== EARLIER;
const alive = isIn('uploading', 'queued', 'scoring', 'scored', 'rejected', 'failed');

/** A rule that is exported has a row here. */
const RULES: Record<keyof typeof may, Rule> = {
  canAct: { who: 'active' },
  isMaintainer: { who: 'maintainers' },
  isOwner: { who: 'owners' },
  isPublic: { who: 'everybody', when: onBoard, ask: (_, thing) => may.isPublic(thing) },
  canSubmit: { who: 'active' },
  canSubmitFor: { who: ['team owner', 'team member'], ask: (viewer) => may.canSubmitFor(viewer, 'team') },
  canViewSubmission: { who: 'everybody', when: onBoard, otherwise: 'owners and maintainers' },
  isTombstone: {
    who: 'everybody',
    when: (thing) => thing.wasPublished && (thing.state === 'withdrawn' || thing.visibility !== 'published'),
    ask: (_, thing) => may.isTombstone(thing),
  },
  canReadFiles: { who: 'owners and maintainers' },
  canChangeSharing: { who: 'acting owners', when: alive },
  areCellsPublic: {
    who: 'everybody',
    when: (thing) => onBoard(thing) && thing.cellsShown,
    ask: (_, thing) => may.areCellsPublic(thing),
  },
  canSeeCells: {
    who: 'everybody',
    when: (thing) => onBoard(thing) && thing.cellsShown,
    otherwise: 'owners and maintainers',
    never: (thing) => thing.state !== 'scored',
  },
  canDownloadFiles: {
    who: 'everybody',
    when: (thing) => onBoard(thing) && thing.filesShared && !isSecret(thing),
    otherwise: 'owners and maintainers',
    never: (thing) => thing.filesDeletedAt !== null || thing.state === 'withdrawn',
    ask: (viewer, thing) => may.canDownloadFiles(viewer, thing, NOW),
  },
  canSeeVerdicts: {
    who: 'everybody',
    when: (thing) => thing.public,
    ask: (_, thing) => may.canSeeVerdicts(thing),
  },
  // only a maintainer lifts what one hid
  canPublish: {
    who: 'acting owners',
    when: (thing) => isIn('queued', 'scoring', 'scored')(thing) && isSeen('private')(thing),
  },
  canUnpublish: { who: 'acting owners', when: isSeen('pending', 'published') },
  canWithdraw: { who: 'acting owners', when: alive },
  canSubmitAgain: { who: 'acting owners', when: isIn('rejected', 'failed') },
  canDeleteFiles: {
    who: 'acting owners',
    when: (thing) => isIn('scored', 'rejected', 'failed')(thing) && thing.filesDeletedAt === null,
  },
  canSeeIdentity: { who: 'owners and maintainers' },
  // not once it has been public under its name
  canMakeAnonymous: {
    who: 'acting owners',
    ask: (viewer, thing) => may.canMakeAnonymous(viewer, thing, NOW),
    when: (thing) => alive(thing) && (isSecret(thing) || !(thing.wasPublished || thing.visibility === 'published')),
  },
  canReveal: {
    who: 'acting owners',
    when: (thing) => alive(thing) && isSecret(thing),
    ask: (viewer, thing) => may.canReveal(viewer, thing, NOW),
  },
  canShareWithReviewers: { who: 'acting owners', when: alive },
  canViewMethod: { who: 'everybody', when: (thing) => thing.public, otherwise: 'owners and maintainers' },
  canViewVersions: { who: 'owners and maintainers' },
  canEditMethod: { who: 'acting owners' },
  canChooseShown: { who: 'acting owners', when: (thing) => onBoard(thing) && !thing.shown },
  canCreateTeam: { who: 'active' },
  canViewTeam: { who: [...IN_TEAM, ...MAINTAINERS], ask: (viewer) => may.canViewTeam(viewer, 'team') },
  canManageTeam: { who: ['team owner'], ask: (viewer) => may.canManageTeam(viewer, 'team') },
  canLeaveTeam: { who: ['team owner', 'team member'], ask: (viewer) => may.canLeaveTeam(viewer, 'team') },
  canAcceptInvitation: { who: 'active' },
  canManageClasses: { who: 'maintainers' },
  canJoinClass: { who: 'active' },
  // as somebody who has not joined; members see their class whatever they may do else
  canSeeClass: { who: MAINTAINERS, ask: (viewer) => may.canSeeClass(viewer, false) },
  canNameInQueue: {
    who: 'everybody',
    when: (thing) => thing.visibility === 'published' && !isSecret(thing),
    otherwise: 'owners and maintainers',
    ask: (viewer, thing) => may.canNameInQueue(viewer, thing, NOW),
  },
  canSubmitNext: { who: 'acting owners', when: isIn('scored') },
  canTakeOut: { who: 'acting owners', when: isIn('queued', 'scoring') },
  canModerate: { who: 'maintainers' },
  canReportProblem: { who: 'active', when: onBoard },
  // nobody publishes for an owner who did not ask
  canApprove: { who: 'maintainers', when: (thing) => thing.state === 'scored' && thing.visibility === 'pending' },
  canDecline: { who: 'maintainers', when: isSeen('pending') },
  canHide: { who: 'maintainers', when: isSeen('published') },
  canRestore: { who: 'maintainers', when: (thing) => thing.state === 'scored' && thing.visibility === 'hidden' },
  canTryAgain: {
    who: 'maintainers',
    when: ({ state, failure, filesDeletedAt }) =>
      filesDeletedAt === null && (state === 'failed' || (state === 'queued' && failure !== null)),
  },
  canVerify: { who: 'maintainers', when: isIn('scored') },
  canManageTasks: { who: 'maintainers' },
  canManageGroundTruth: { who: 'maintainers' },
  canFeature: { who: 'maintainers', when: (thing) => onBoard(thing) || thing.featured },
  canManagePeople: { who: 'maintainers' },
  canReadAudit: { who: 'maintainers' },
  canUseUpload: {
    who: ['owner', 'owner who maintains'],
    ask: (viewer) => may.canUseUpload(viewer, { userId: 'owner' }),
  },
  canReadAnnotations: {
    who: 'everybody',
    when: (thing) => thing.public,
    ask: (_, thing) => may.canReadAnnotations(thing),
  },
  canSeePictures: {
    who: 'everybody',
    when: (thing) => thing.public,
    ask: (_, thing) => may.canSeePictures(thing),
  },
  canSeeOutlines: {
    who: 'everybody',
    when: (thing) => thing.public,
    ask: (_, thing) => may.canSeeOutlines(thing, { public: true }),
  },
};

/** As they are exported. */
const all: Record<string, unknown> = { ...may };

test('every rule has a row', () => {
  expect(Object.keys(RULES).sort()).toEqual(Object.keys(all).sort());
});

test.each(Object.entries(RULES))('%s: who may, of whatever state', (name, rule) => {
  const { who, when, otherwise = 'nobody', never, ask } = rule;
  const asked = ask ?? (all[name] as (viewer: may.Viewer, thing: Thing) => boolean);
  for (const thing of THINGS) {
    const open = when && !when(thing) ? otherwise : who;
    const set = never?.(thing) ? 'nobody' : open;
    const expected = sorted(typeof set === 'string' ? SETS[set](thing) : set);
    const { whose: _, ...what } = thing;
    // said with the thing, so that a failure names it
    const found = allowed((viewer) => asked(viewer, thing));
    if (found.join() !== expected.join()) expect({ ...what, who: found }).toEqual({ ...what, who: expected });
  }
});

test('whoever submits for a team is in that team; in one’s own name everybody who may submit', () => {
  expect(allowed((viewer) => may.canSubmitFor(viewer, null))).toEqual(sorted(ACTIVE));
  expect(allowed((viewer) => may.canSubmitFor(viewer, 'no team'))).toEqual([]);
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
  expect(submissions.state.enumValues).toEqual(SUBMISSION_STATES);
  expect(submissions.visibility.enumValues).toEqual(VISIBILITIES);
  expect(teamMembers.role.enumValues).toEqual(TEAM_ROLES);
});
