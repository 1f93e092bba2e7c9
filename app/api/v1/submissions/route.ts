import { InvalidFields, route } from '#app/_server/http.ts';
import { linkToNext, pageOf } from '#app/_server/paging.ts';
import { submit } from '#app/_server/submissions.ts';
import { listSubmissionsOf } from '#db/submissions/submissions.ts';
import { newSubmissionSchema, type SubmissionList, submissionListQuerySchema } from '#lib/http/api.ts';

const SIGN_IN = 'Send an API token: Authorization: Bearer <token>.';

/** 1 to 255 visible ASCII characters, as in the IETF draft on the Idempotency-Key header. */
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

export const POST = route(
  { body: newSubmissionSchema, signIn: SIGN_IN, limit: 'submissions' },
  async ({ request, body, viewer }) => {
    const idempotencyKey = request.headers.get('idempotency-key') ?? undefined;
    if (idempotencyKey !== undefined && !IDEMPOTENCY_KEY.test(idempotencyKey))
      throw new InvalidFields({ 'Idempotency-Key': 'This header takes 1 to 255 visible ASCII characters.' });
    const created = await submit(viewer, body, { idempotencyKey });
    return Response.json(created, { status: 201, headers: { location: `/api/v1/submissions/${created.id}` } });
  },
);

/** List the viewer's own submissions and those of their teams. */
export const GET = route(
  { query: submissionListQuerySchema, signIn: SIGN_IN },
  async ({ query: { task, state, ...page }, viewer, request }) => {
    const all = await listSubmissionsOf(viewer!);
    const wanted = all.filter((one) => (!task || one.task === task) && (!state || one.state === state));
    const { items, next, total } = pageOf(wanted, page);
    const body: SubmissionList = {
      submissions: items.map((one) => ({
        id: one.id,
        task: one.task,
        dataset: one.datasetName,
        method: one.method,
        version: one.version,
        team: one.team?.name ?? null,
        state: one.state,
        visibility: one.visibility,
        createdAt: one.createdAt.toISOString(),
        finishedAt: one.finishedAt?.toISOString() ?? null,
        publishedAt: one.publishedAt?.toISOString() ?? null,
      })),
      total,
      next,
    };
    return Response.json(body, { headers: { 'cache-control': 'no-store', ...linkToNext(request, next) } });
  },
);
