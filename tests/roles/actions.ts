/**
 * Every server action with the roles that may use it. `tests/app/role-matrix.test.ts` tries each with every role, and
 * `tests/e2e/role-matrix.spec.ts` does so on the built site over HTTP; an exported action without a row fails both.
 */
import { eq } from 'drizzle-orm';
import { confirmationOf } from '#app/account/confirmation.ts';
import { db } from '#db/engine/client.ts';
import { createClass, freeze, joinClass, renewCode } from '#db/people/classes.ts';
import { beginDeviceLogin } from '#db/people/device-logins.ts';
import { createSession, listSessions } from '#db/people/sessions.ts';
import { createTeam, invite } from '#db/people/teams.ts';
import { createToken } from '#db/people/tokens.ts';
import {
  accounts,
  announcements,
  labelErrors,
  notices,
  problemReports,
  publishedNumbers,
  submissions,
  teamMembers,
} from '#db/schema.ts';
import { makeAnonymous, makeReviewLink } from '#db/submissions/anonymity.ts';
import { createUpload } from '#db/submissions/uploads.ts';
import { LEDGER_COLUMNS } from '#lib/published/ledger.ts';
import { ACTING, type Cast, MAINTAINERS, makeEntry, OWNERS, ROLES, type Role, SIGNED_IN } from './cast.ts';

export interface Row {
  /** one deed of the action, where it has several */
  what?: string;
  may: readonly Role[];
  /** the form of somebody in this role, with what it is about made for them */
  form: (cast: Cast, role: Role) => Promise<Record<string, string>> | Record<string, string>;
  /** answer to a permitted role if the action cannot be completed here; it shows that the role was let in */
  letIn?: RegExp;
  /** takes a form alone, or nothing, instead of a state and a form */
  plain?: 'form' | 'nothing';
  /** permitted roles see success although nothing changes, because the object is somebody else's */
  idle?: true;
}

/** Of the role itself; a stranger tries it with what is the owner's. */
const self = (cast: Cast, role: Role) => cast.ids[role === 'stranger' ? 'owner' : role];

/** One entry per trial, in the state that allows it. */
const entry =
  (
    state: Parameters<typeof makeEntry>[2],
    visibility: Parameters<typeof makeEntry>[3] = 'private',
    { more = {}, ...changes }: Parameters<typeof makeEntry>[4] & { more?: Record<string, string> } = {},
  ): Row['form'] =>
  async (cast, role) => ({ id: (await makeEntry(cast, role, state, visibility, changes)).id, ...more });

const decision = (
  name: string,
  state: Parameters<typeof makeEntry>[3],
  changes: Parameters<typeof makeEntry>[4] = {},
): Row => ({
  what: name,
  may: MAINTAINERS,
  form: entry('scored', state, { ...changes, more: { decision: name, text: 'for the test' } }),
});

const bulk = (name: string): Row => ({
  what: name,
  may: MAINTAINERS,
  form: async (cast, role) => ({
    decision: name,
    text: 'for the test',
    [`entry-${(await makeEntry(cast, role, 'scored', 'pending')).id}`]: 'on',
  }),
});

const reason = 'for the test';

/** Of the team whose owner, member and suspended owner these people are. */
const team =
  (more: Record<string, string> = {}): Row['form'] =>
  (cast) => ({ teamId: cast.teamId, ...more });

/** Somebody in the team to whom it is done. */
async function mate(cast: Cast): Promise<string> {
  await db().insert(teamMembers).values({ teamId: cast.teamId, userId: cast.bystander }).onConflictDoNothing();
  return cast.bystander;
}

/** A session of somebody, besides the one they act with. */
async function sessionOf(userId: string): Promise<string> {
  await createSession(userId, { device: 'Another browser', network: null });
  return (await listSessions(userId)).find(({ device }) => device === 'Another browser')!.id;
}

/** A class of its own for each trial, with a member who is nobody of the cast. */
async function classOf(cast: Cast): Promise<string> {
  const { dataset, ids, bystander } = cast;
  const { id } = await createClass({ name: 'A class', task: dataset.task, datasetId: dataset.id }, ids.maintainer);
  await joinClass(await renewCode(id), { userId: bystander, teamId: null, name: 'Bystander' });
  return id;
}

const aClass =
  ({ frozen, joined }: { frozen?: true; joined?: true } = {}): Row['form'] =>
  async (cast, role) => {
    const id = await classOf(cast);
    if (frozen) await freeze(id, cast.ids.maintainer);
    if (joined) await joinClass(await renewCode(id), { userId: self(cast, role), teamId: null, name: 'Somebody' });
    return { id };
  };

export const ACTIONS: Record<string, Record<string, Row[]>> = {
  'app/account/actions.ts': {
    changeProfile: [{ may: ACTING, form: () => ({ name: 'Another name', affiliation: '' }) }],
    changePreferences: [{ may: ACTING, form: () => ({ 'site:scored': 'on' }) }],
    // no service has keys here
    linkWith: [{ may: ACTING, form: () => ({ provider: 'github' }), letIn: /does not know this service/ }],
    unlink: [
      {
        may: ACTING,
        form: async (cast, role) => {
          const userId = self(cast, role);
          const [one, two] = ['github', 'google'].map((provider) => ({
            userId,
            type: 'oauth' as const,
            provider,
            providerAccountId: crypto.randomUUID(),
          }));
          await db().insert(accounts).values([one, two]);
          return { provider: one.provider, providerAccountId: one.providerAccountId };
        },
      },
      {
        what: 'of somebody else',
        may: [],
        form: async (cast) => {
          const theirs = { provider: 'github', providerAccountId: crypto.randomUUID() };
          await db()
            .insert(accounts)
            .values({ userId: cast.bystander, type: 'oauth', ...theirs });
          return theirs;
        },
      },
    ],
    endOneSession: [
      { may: SIGNED_IN, form: async (cast, role) => ({ id: await sessionOf(self(cast, role)) }) },
      { what: 'of somebody else', may: [], form: async ({ bystander }) => ({ id: await sessionOf(bystander) }) },
    ],
    leaveEverywhere: [{ may: SIGNED_IN, form: () => ({}) }],
    deleteMyAccount: [
      {
        may: SIGNED_IN,
        form: (cast, role) => ({
          entries: 'tombstones',
          confirm: role === 'stranger' ? '' : confirmationOf({ name: cast.names[role], email: null }),
        }),
      },
    ],
    makeToken: [{ may: ACTING, form: () => ({ name: 'Mine', read: 'on', days: '30' }) }],
    dropToken: [
      { may: SIGNED_IN, form: async (cast, role) => ({ id: (await createToken(self(cast, role), 'x')).id }) },
      {
        what: 'of somebody else',
        may: [],
        form: async ({ bystander }) => ({ id: (await createToken(bystander, 'x')).id }),
      },
    ],
    leave: [{ may: ROLES, form: () => ({}), plain: 'nothing' }],
  },
  'app/device/actions.ts': {
    decideDevice: [
      {
        may: ACTING,
        form: async () => ({ code: (await beginDeviceLogin('a machine')).userCode, allow: 'yes' }),
      },
      {
        what: 'with a code that there is not',
        may: [],
        form: () => ({ code: 'BBBB-BBBB', allow: 'yes' }),
      },
    ],
  },
  'app/entries/actions.ts': {
    reportAProblem: [
      { may: ACTING, form: entry('scored', 'published', { more: { text: 'for the test' } }) },
      { what: 'of what is not public', may: [], form: entry('scored', 'private', { more: { text: 'for the test' } }) },
    ],
  },
  'app/maintain/actions.ts': {
    settleProblem: [
      {
        may: MAINTAINERS,
        form: async (cast, role) => {
          const { id } = await makeEntry(cast, role, 'scored', 'published');
          const [report] = await db()
            .insert(problemReports)
            .values({ submissionId: id, userId: null, text: 'It is odd' })
            .returning();
          return { id: report.id, text: 'for the test' };
        },
      },
    ],
    decideEntry: [
      ...['approve', 'ask', 'decline'].map((name) => decision(name, 'pending')),
      decision('hide', 'published'),
      decision('restore', 'hidden'),
      decision('verify', 'published'),
      decision('revoke', 'published', { verifiedAt: new Date(), verifiedNote: 'it was' }),
    ],
    decideChecked: [bulk('approve'), bulk('decline')],
  },
  // without a file, and of what is not there: what comes of them is tried in `tests/app/ground-truth.test.ts`
  'app/maintain/ground-truth/actions.ts': {
    registerGroundTruth: [
      {
        may: MAINTAINERS,
        form: ({ dataset }) => ({ name: `${dataset.name} again`, task: dataset.task, split: '' }),
        letIn: /Upload a file first/,
      },
    ],
    sendReplacement: [
      { may: MAINTAINERS, form: ({ dataset }) => ({ id: dataset.id, note: reason }), letIn: /Upload a file first/ },
    ],
    setPublic: [
      {
        may: MAINTAINERS,
        form: ({ dataset }) => ({ id: dataset.id, public: dataset.public ? 'yes' : 'no', reason }),
        letIn: /public already/,
      },
    ],
    divide: [
      {
        may: MAINTAINERS,
        form: () => ({ id: 'none', by: 'well', share: '0.5', until: '2999-01-01' }),
        letIn: /There is no such data set/,
      },
    ],
    scoreAgain: [{ may: MAINTAINERS, form: () => ({ id: 'none', reason }), letIn: /There is no such data set/ }],
    tryFailedAgain: [{ may: MAINTAINERS, form: () => ({ id: 'none' }), letIn: /This re-score has ended/ }],
    goOnWithout: [{ may: MAINTAINERS, form: () => ({ id: 'none' }), letIn: /This re-score has ended/ }],
    cancelScoringAgain: [{ may: MAINTAINERS, form: () => ({ id: 'none' }), letIn: /This re-score has ended/ }],
  },
  'app/maintain/people/actions.ts': {
    suspendPerson: [{ may: MAINTAINERS, form: ({ bystander }) => ({ id: bystander, reason }) }],
    liftPerson: [
      { may: MAINTAINERS, form: ({ ids }) => ({ id: ids.suspended, reason }) },
      {
        what: 'by whoever is suspended',
        may: [],
        form: ({ ids }, role) => ({ id: role === 'suspended maintainer' ? ids[role] : 'nobody', reason }),
      },
    ],
    changeRole: [
      { may: MAINTAINERS, form: ({ bystander }) => ({ id: bystander, role: 'maintainer', reason }) },
      {
        what: 'of another maintainer',
        may: MAINTAINERS,
        form: ({ director }) => ({ id: director, role: 'researcher', reason }),
      },
    ],
    grantPerson: [
      {
        may: MAINTAINERS,
        form: ({ bystander }) => ({
          id: bystander,
          task: 'livecell-wide',
          amount: '1',
          until: '2999-01-01',
          reason,
        }),
      },
    ],
    // where people sign in through a service, there are no links
    makeSignInLink: [
      { may: MAINTAINERS, letIn: /People sign in to this site/, form: () => ({ email: '', role: 'researcher' }) },
    ],
    mergePeople: [{ may: MAINTAINERS, form: ({ ids, bystander }) => ({ id: ids.other, gone: bystander, reason }) }],
  },
  'app/maintain/published/actions.ts': {
    addNumber: [
      {
        may: MAINTAINERS,
        form: () => ({
          ...{ method: crypto.randomUUID(), year: '2025', metric: 'mask AP', value: '47.9' },
          ...{ split: 'test', protocol: '', source: 'a paper' },
        }),
      },
    ],
    addTable: [
      {
        may: MAINTAINERS,
        form: () => ({
          csv: `${LEDGER_COLUMNS.join(',')}\n${crypto.randomUUID()},2025,mask AP,47.9,test,,a paper`,
        }),
      },
    ],
    removeNumber: [
      {
        may: MAINTAINERS,
        form: async () => {
          const row = { method: 'Gone', year: 2025, metric: 'mask AP', value: '1', split: 'test', protocol: '' };
          const [{ id }] = await db()
            .insert(publishedNumbers)
            .values({ ...row, source: 'a paper', key: crypto.randomUUID() })
            .returning();
          return { id, reason };
        },
      },
    ],
  },
  'app/maintain/label-errors/actions.ts': {
    lookAgain: [{ may: MAINTAINERS, form: ({ dataset }) => ({ dataset: dataset.id }) }],
    decide: [
      {
        may: MAINTAINERS,
        form: async ({ dataset }) => {
          const [{ id }] = await db()
            .insert(labelErrors)
            .values({
              ...{ datasetId: dataset.id, groundTruthSha256: dataset.sha256, image: 0, fileName: 'A172.tif' },
              ...{ kind: 'unannotated', key: crypto.randomUUID(), box: [1, 2, 3, 4] },
              ...{ agreement: 0.8, annotationIou: 0, entries: [] },
              // an open one would be replaced by the look that the row above asks for
              state: 'dismissed',
            })
            .returning();
          return { id, state: 'confirmed', note: 'A test' };
        },
      },
    ],
  },
  'app/maintain/tasks/actions.ts': {
    // as it is without: nothing of the site changes for other tests
    setTask: [
      {
        may: MAINTAINERS,
        form: () => ({ task: 'training-size', open: 'yes', quota: '', quotaDays: '', megabytes: '' }),
      },
    ],
    makeAnnouncement: [
      {
        may: MAINTAINERS,
        form: () => ({ task: '', text: 'A test', startsAt: '2998-01-01T00:00', endsAt: '2999-01-01T00:00' }),
      },
    ],
    takeDown: [
      {
        may: MAINTAINERS,
        form: async () => {
          const [startsAt, endsAt] = [new Date('2998-01-01'), new Date('2999-01-01')];
          const [{ id }] = await db().insert(announcements).values({ text: 'A test', startsAt, endsAt }).returning();
          return { id };
        },
      },
    ],
    markBaseline: [
      { may: MAINTAINERS, form: entry('scored', 'published', { more: { featured: 'yes' } }) },
      {
        what: 'no more',
        may: MAINTAINERS,
        form: entry('scored', 'published', { featured: true, more: { featured: 'no' } }),
      },
      { what: 'of what is not public', may: [], form: entry('scored', 'private', { more: { featured: 'yes' } }) },
    ],
    grantHolder: [
      {
        may: MAINTAINERS,
        form: ({ teamId }) => ({
          holder: `team:${teamId}`,
          task: 'livecell-wide',
          amount: '1',
          until: '2999-01-01',
          reason,
        }),
      },
    ],
  },
  'app/methods/actions.ts': {
    saveMethod: [
      {
        may: OWNERS,
        form: async (cast, role) => {
          const { methodId } = await makeEntry(cast, role, 'scored', 'published');
          const empty = { description: '', authors: '', architecture: '', pretraining: '', extraData: '' };
          return { id: methodId, name: `Renamed ${methodId}`, parameters: '', secondsPerImage: '', ...empty };
        },
      },
    ],
  },
  'app/notices/actions.ts': {
    read: [
      {
        may: SIGNED_IN,
        form: async (cast, role) => {
          const [{ id }] = await db()
            .insert(notices)
            .values({ userId: self(cast, role), kind: 'scored', text: 'A test' })
            .returning();
          return { id };
        },
      },
      {
        what: 'of somebody else',
        may: SIGNED_IN,
        idle: true,
        form: async ({ bystander }) => {
          const [{ id }] = await db()
            .insert(notices)
            .values({ userId: bystander, kind: 'scored', text: 'x' })
            .returning();
          return { id };
        },
      },
    ],
  },
  'app/queue/actions.ts': {
    takeOut: [
      { may: OWNERS, form: entry('queued') },
      { what: 'what does not wait', may: [], form: entry('scored') },
    ],
  },
  'app/sign-in/actions.ts': {
    // no service has keys here: it does nothing, for everybody
    signInWith: [{ may: ROLES, plain: 'form', form: () => ({ provider: 'github', returnTo: '/' }), idle: true }],
  },
  'app/submissions/[id]/try-again.ts': {
    tryFailedAgain: [
      { what: 'one that failed', may: MAINTAINERS, form: entry('failed') },
      {
        what: 'one that waits because of a fault',
        may: MAINTAINERS,
        form: entry('queued', 'private', { failure: 'The disk is full.' }),
      },
    ],
  },
  'app/submissions/actions.ts': {
    askToPublish: [{ may: OWNERS, form: entry('scored') }],
    takeBack: [
      { what: 'a request', may: OWNERS, form: entry('scored', 'pending') },
      { what: 'an entry', may: OWNERS, form: entry('scored', 'published') },
    ],
    withdrawSubmission: [
      { what: 'one that was never public', may: OWNERS, form: entry('scored') },
      { what: 'a public one', may: OWNERS, form: entry('scored', 'published', { more: { reason: 'mistake' } }) },
      { what: 'a rejected one', may: OWNERS, form: entry('rejected') },
    ],
    deleteSubmissionFiles: [{ may: OWNERS, form: entry('scored', 'published') }],
    showThisVersion: [{ may: OWNERS, form: entry('scored', 'published', { shown: false }) }],
  },
  'app/submissions/sharing-action.ts': {
    chooseSharing: [
      { may: OWNERS, form: entry('scored', 'published', { more: { cellsShown: 'on', licence: 'CC-BY-4.0' } }) },
    ],
  },
  'app/submissions/anonymity-actions.ts': {
    sealEntry: [{ may: OWNERS, form: entry('scored', 'private', { more: { until: '' } }) }],
    revealEntry: [
      {
        may: OWNERS,
        form: async (cast, role) => {
          const { id } = await makeEntry(cast, role, 'scored');
          await makeAnonymous(id, null, null);
          // public, as a sealed entry that could be looked up by everybody
          await db().update(submissions).set({ visibility: 'published' }).where(eq(submissions.id, id));
          return { id };
        },
      },
    ],
    shareWithReviewers: [{ may: OWNERS, form: entry('scored') }],
    stopSharing: [
      {
        may: OWNERS,
        form: async (cast, role) => {
          const { id } = await makeEntry(cast, role, 'scored');
          await makeReviewLink(id, null);
          return { id };
        },
      },
    ],
  },
  'app/submit/actions.ts': {
    // of a file that is not whole: nothing is scored, and who was let in is told so
    submitForm: [
      {
        may: ACTING,
        form: async (cast, role) => submission(cast, await unfinished(self(cast, role))),
        letIn: /not complete yet/,
      },
      {
        what: 'a file of somebody else',
        may: [],
        form: async (cast) => submission(cast, await unfinished(cast.bystander)),
        letIn: /not complete yet/,
      },
      {
        what: 'for a team',
        may: ['team member', 'team owner'],
        form: async (cast, role) => submission(cast, await unfinished(self(cast, role)), { team: cast.teamId }),
        letIn: /not complete yet/,
      },
    ],
  },
  'app/classes/actions.ts': {
    makeClass: [
      { may: MAINTAINERS, form: ({ dataset }) => ({ name: 'A class', on: `${dataset.task}/${dataset.id}` }) },
    ],
    makeCode: [{ may: MAINTAINERS, form: aClass() }],
    makeScreen: [{ may: MAINTAINERS, form: aClass() }],
    hideNewScores: [{ may: MAINTAINERS, form: aClass() }],
    revealScores: [{ may: MAINTAINERS, form: aClass({ frozen: true }) }],
    dropClass: [{ may: MAINTAINERS, form: aClass() }],
    join: [
      {
        may: ACTING,
        form: async (cast) => ({ code: await renewCode(await classOf(cast)), name: 'Somebody', team: '' }),
      },
      {
        what: 'for a team',
        may: ['team member', 'team owner'],
        form: async (cast) => ({ code: await renewCode(await classOf(cast)), name: 'Somebody', team: cast.teamId }),
      },
    ],
    leave: [
      { may: ACTING, form: aClass({ joined: true }) },
      { what: 'for somebody else', may: [], form: aClass() },
    ],
  },
  'app/teams/actions.ts': {
    makeTeam: [{ may: ACTING, form: () => ({ name: 'Another team' }) }],
    nameTeam: [{ may: ['team owner'], form: team({ name: 'Renamed' }) }],
    makeInvitation: [{ may: ['team owner'], form: team() }],
    dropInvitation: [
      {
        may: ['team owner'],
        form: async ({ teamId, ids }) => ({ teamId, id: (await invite(teamId, ids['team owner'])).id }),
      },
      {
        what: 'of another team, by an owner of this one',
        may: [],
        form: async ({ teamId, director }) => {
          const other = await createTeam('Yet another team', director);
          return { teamId, id: (await invite(other.id, director)).id };
        },
      },
    ],
    changeRole: [
      { may: ['team owner'], form: async (cast) => ({ teamId: cast.teamId, userId: await mate(cast), role: 'owner' }) },
      {
        what: 'of oneself',
        may: ['team owner'],
        form: (cast, role) => ({ teamId: cast.teamId, userId: self(cast, role), role: 'owner' }),
      },
    ],
    removePerson: [
      { may: ['team owner'], form: async (cast) => ({ teamId: cast.teamId, userId: await mate(cast) }) },
      {
        what: 'of another team',
        may: [],
        form: async (cast) => ({ teamId: await foreign(cast), userId: cast.bystander }),
      },
    ],
    leaveThisTeam: [{ may: ['team member', 'team owner'], form: team() }],
    deleteThisTeam: [{ may: ['team owner'], form: team(), letIn: /There are other people in this team/ }],
    joinTeam: [
      {
        may: ACTING,
        form: async (cast) => ({ secret: (await invite(await foreign(cast), cast.bystander)).secret }),
      },
    ],
  },
};

/** A team none of the roles is in. */
async function foreign({ bystander }: Cast): Promise<string> {
  return (await createTeam('A foreign team', bystander)).id;
}

async function unfinished(userId: string): Promise<string> {
  const id = crypto.randomUUID();
  await createUpload({ id, userId, fileName: 'mine.json', bytes: 3, storageKey: `uploads/${id}` });
  return id;
}

function submission({ dataset }: Cast, upload: string, more: Record<string, string> = {}): Record<string, string> {
  return { task: 'livecell-wide', dataset: dataset.name, method: 'Mine', description: '', upload, ...more };
}

export const ROWS = Object.entries(ACTIONS).flatMap(([file, actions]) =>
  Object.entries(actions).flatMap(([name, rows]) =>
    rows.map((row) => ({ file, name, row, title: `${name}${row.what ? ` (${row.what})` : ''}` })),
  ),
);
