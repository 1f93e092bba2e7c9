import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { changedBody } from '#app/_server/submissions.ts';
import {
  approve,
  askBack,
  decline,
  hide,
  markVerified,
  restore,
  revokeVerification,
} from '#db/submissions/moderation.ts';
import { getSubmission } from '#db/submissions/submissions.ts';
import { AppError } from '#lib/errors.ts';
import { type DECISIONS, decisionSchema } from '#lib/http/people-api.ts';
import { canModerate } from '#lib/permissions.ts';

type Act = (id: string, actorId: string, text: string) => Promise<unknown>;

const ACTS: Readonly<Record<(typeof DECISIONS)[number], Act>> = {
  approve: (id, actorId, remark) => approve(id, actorId, { remark }),
  ask: askBack,
  decline,
  hide,
  restore,
  verify: markVerified,
  revoke: revokeVerification,
};

/** A maintainer's decision about an entry. The act itself checks whether the entry's state allows it. */
export const POST = route(
  {
    params: z.object({ id: z.string().max(100) }),
    body: decisionSchema,
    signIn: 'Send an API token: Authorization: Bearer <token>.',
    scope: 'moderate',
  },
  async ({ params, body, viewer }) => {
    if (!canModerate(viewer)) throw new AppError('forbidden', 'Only maintainers can decide about entries.');
    if (!(await getSubmission(params.id))) throw new AppError('not-found', 'There is no such submission.');
    await ACTS[body.decision](params.id, viewer.id, body.text);
    return changedBody((await getSubmission(params.id))!);
  },
);
