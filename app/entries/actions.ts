'use server';

import { z } from 'zod';
import { action } from '#app/_server/http.ts';
import { reportProblem } from '#db/submissions/problem-reports.ts';
import { getSubmission } from '#db/submissions/submissions.ts';
import { AppError } from '#lib/errors.ts';
import { canReportProblem } from '#lib/permissions.ts';

/** Open a case in the inbox about a public entry. */
export const reportAProblem = action(
  z.object({ id: z.string(), text: z.string().trim().max(1000, 'At most 1,000 characters').default('') }),
  async ({ id, text }, who) => {
    const submission = await getSubmission(id);
    // as for its page: who may not see an entry learns nothing of it
    if (!submission || !canReportProblem(who, submission)) throw new AppError('not-found', 'There is no such entry.');
    await reportProblem(id, who.id, text);
    return { done: true };
  },
);
