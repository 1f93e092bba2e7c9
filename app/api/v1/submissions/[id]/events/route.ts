/**
 * Server-sent events: the same document as `GET /api/v1/submissions/{id}`, sent again whenever it has changed, until
 * nothing more will happen. The database is asked, not listened to: the embedded one has no LISTEN/NOTIFY.
 */
import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { findSubmission, submissionBody } from '#app/_server/submissions.ts';
import { isFinal } from '#lib/http/api.ts';

const ASK_EVERY = 700;
/** A comment now and then keeps proxies from closing a quiet connection. */
const QUIET = 15_000;
/** After this, the browser reconnects by itself, and its session is checked again. */
const LONGEST = 15 * 60_000;

export const GET = route({ params: z.object({ id: z.string() }) }, async ({ params, viewer, request }) => {
  await findSubmission(viewer, params.id); // "not found" is a status, not an event
  const stop = new AbortController();
  request.signal.addEventListener('abort', () => stop.abort());

  const text = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const send = (lines: string) => controller.enqueue(text.encode(`${lines}\n\n`));
      try {
        send('retry: 2000');
        const until = Date.now() + LONGEST;
        let last = '';
        let spoke = Date.now();
        while (!stop.signal.aborted && Date.now() < until) {
          const submission = await submissionBody(viewer, await findSubmission(viewer, params.id));
          const data = JSON.stringify(submission);
          if (data !== last) {
            send(`event: submission\ndata: ${data}`);
            last = data;
            spoke = Date.now();
          } else if (Date.now() - spoke > QUIET) {
            send(':');
            spoke = Date.now();
          }
          if (isFinal(submission.state)) {
            send('event: end\ndata: {}');
            break;
          }
          await pause(ASK_EVERY, stop.signal);
        }
        controller.close();
      } catch (error) {
        // the reader has left, or the submission is gone: close the stream
        if (!stop.signal.aborted) controller.error(error);
      }
    },
    cancel: () => stop.abort(),
  });
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    },
  });
});

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
