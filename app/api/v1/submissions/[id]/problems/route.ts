import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { reportProblem } from '#db/submissions/problem-reports.ts';
import { getSubmission } from '#db/submissions/submissions.ts';
import { AppError } from '#lib/errors.ts';
import { problemReportSchema } from '#lib/http/people-api.ts';
import { canReportProblem } from '#lib/permissions.ts';

/** Open a case in the maintainers' inbox about a public entry. */
export const POST = route(
  {
    params: z.object({ id: z.string() }),
    body: problemReportSchema,
    signIn: 'Send an API token: Authorization: Bearer <token>.',
  },
  async ({ params: { id }, body, viewer }) => {
    const submission = await getSubmission(id);
    // as for its page: people that may not see an entry learn nothing of it
    if (!submission || !canReportProblem(viewer, submission))
      throw new AppError('not-found', 'There is no such entry.');
    await reportProblem(id, viewer!.id, body.text);
    return new Response(null, { status: 204 });
  },
);
