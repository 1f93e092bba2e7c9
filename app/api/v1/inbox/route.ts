import { route } from '#app/_server/http.ts';
import { listInbox } from '#db/board/inbox.ts';
import { AppError } from '#lib/errors.ts';
import { canModerate } from '#lib/permissions.ts';

/** What waits for a maintainer's decision. */
export const GET = route(
  { signIn: 'Send an API token: Authorization: Bearer <token>.', scope: 'moderate' },
  async ({ viewer }) => {
    if (!canModerate(viewer)) throw new AppError('forbidden', 'Only maintainers see the inbox.');
    const cases = await listInbox();
    return {
      cases: cases.map(({ submission, dataset, submitter, team, since, message, numbers, findings }) => ({
        id: submission.id,
        task: submission.task,
        dataset: dataset.name,
        method: submission.method,
        submitter: submitter?.name ?? null,
        team: team?.name ?? null,
        state: submission.state,
        since: since.toISOString(),
        message,
        numbers: Object.fromEntries(numbers.map(({ label, value }) => [label, value])),
        findings: findings.map(({ text }) => text),
      })),
    };
  },
);
