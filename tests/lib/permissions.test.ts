import { describe, expect, it, test } from 'vitest';
import { SUBMISSION_STATES, type SubmissionState, VISIBILITIES, type Visibility } from '#db/schema.ts';
import * as may from '#lib/permissions.ts';

const person = (id: string, role: 'researcher' | 'maintainer' = 'researcher') => ({ id, role, name: id, email: null });
const viewers = {
  stranger: null,
  other: person('other'),
  owner: person('owner'),
  maintainer: person('maintainer', 'maintainer'),
  'owner who maintains': person('owner', 'maintainer'),
} as const;
type Who = keyof typeof viewers;

const entry = (state: SubmissionState, visibility: Visibility, userId: string | null = 'owner') => ({
  userId,
  state,
  visibility,
});

/** Those of the five who may, in the order above. */
function allowed(rule: (viewer: may.Viewer) => boolean): Who[] {
  return (Object.keys(viewers) as Who[]).filter((who) => rule(viewers[who]));
}

const EVERYONE = Object.keys(viewers) as Who[];
const OWNERS: Who[] = ['owner', 'owner who maintains'];
const MAINTAINERS: Who[] = ['maintainer', 'owner who maintains'];
const INSIDERS: Who[] = ['owner', 'maintainer', 'owner who maintains'];
const NOBODY: Who[] = [];

describe('an entry is seen', () => {
  for (const state of SUBMISSION_STATES)
    for (const visibility of VISIBILITIES) {
      const all = state === 'scored' && visibility === 'published';
      it(`by ${all ? 'everyone' : 'its owner and maintainers'} when ${state} and ${visibility}`, () => {
        const subject = entry(state, visibility);
        expect(allowed((viewer) => may.canViewSubmission(viewer, subject))).toEqual(all ? EVERYONE : INSIDERS);
        expect(may.isPublic(subject)).toBe(all);
      });
    }

  it('when its account is gone: by maintainers, not by strangers', () => {
    expect(allowed((viewer) => may.canViewSubmission(viewer, entry('scored', 'private', null)))).toEqual(MAINTAINERS);
    expect(may.isOwner(null, { userId: null })).toBe(false);
  });
});

const { canPublish, canUnpublish, canWithdraw, canSubmitAgain, canApprove, canHide, canReadFiles } = may;
const rules = { canPublish, canUnpublish, canWithdraw, canSubmitAgain, canApprove, canHide, canReadFiles };
type Rule = keyof typeof rules;
test.each<[Rule, SubmissionState, Visibility, Who[]]>([
  ['canPublish', 'scored', 'private', OWNERS],
  ['canPublish', 'scored', 'pending', NOBODY],
  ['canPublish', 'scored', 'published', NOBODY],
  ['canPublish', 'scored', 'hidden', NOBODY], // only a maintainer lifts what a maintainer hid
  ['canPublish', 'queued', 'private', OWNERS],
  ['canPublish', 'rejected', 'private', NOBODY],
  ['canPublish', 'withdrawn', 'private', NOBODY],
  ['canUnpublish', 'scored', 'published', OWNERS],
  ['canUnpublish', 'scored', 'pending', OWNERS],
  ['canUnpublish', 'queued', 'pending', OWNERS],
  ['canUnpublish', 'scored', 'private', NOBODY],
  ['canUnpublish', 'scored', 'hidden', NOBODY],
  ['canWithdraw', 'queued', 'private', OWNERS],
  ['canWithdraw', 'scored', 'published', OWNERS],
  ['canWithdraw', 'scored', 'hidden', OWNERS],
  ['canWithdraw', 'withdrawn', 'private', NOBODY],
  ['canSubmitAgain', 'rejected', 'private', OWNERS],
  ['canSubmitAgain', 'failed', 'private', OWNERS],
  ['canSubmitAgain', 'scored', 'private', NOBODY],
  ['canApprove', 'scored', 'pending', MAINTAINERS],
  ['canApprove', 'scored', 'hidden', MAINTAINERS],
  ['canApprove', 'scored', 'private', NOBODY], // nobody publishes for an owner who did not ask
  ['canApprove', 'scored', 'published', NOBODY],
  ['canApprove', 'scoring', 'pending', NOBODY],
  ['canHide', 'scored', 'published', MAINTAINERS],
  ['canHide', 'scored', 'pending', MAINTAINERS],
  ['canHide', 'scored', 'private', NOBODY],
  ['canReadFiles', 'scored', 'published', INSIDERS],
])('%s, %s and %s: %j', (rule, state, visibility, who) => {
  expect(allowed((viewer) => rules[rule](viewer, entry(state, visibility)))).toEqual(who);
});

test('who submits, moderates and uses an upload', () => {
  expect(allowed(may.canSubmit)).toEqual(EVERYONE.filter((who) => who !== 'stranger'));
  expect(allowed(may.canModerate)).toEqual(MAINTAINERS);
  expect(allowed((viewer) => may.canUseUpload(viewer, { userId: 'owner' }))).toEqual(OWNERS);
});

test('annotations are read only where they are public', () => {
  expect(may.canReadAnnotations({ public: true })).toBe(true);
  expect(may.canReadAnnotations({ public: false })).toBe(false);
});
