import { route } from '#app/_server/http.ts';
import { type QueueEntry, queueFor } from '#app/_server/queue.ts';

/** The content of the queue page as JSON. */
export const GET = route({}, async ({ viewer }) => {
  const { processes, running, waiting } = await queueFor(viewer);
  return { processes, running: running.map(entryBody), waiting: waiting.map(entryBody) };
});

function entryBody({ known, mayTakeOut: _, task: __, taskId, submittedAt, ...entry }: QueueEntry) {
  return {
    task: taskId,
    ...entry,
    submittedAt: submittedAt.toISOString(),
    submission: known && { id: known.id, method: known.method, submitter: known.submitter },
  };
}
