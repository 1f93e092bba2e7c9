/**
 * Server-sent events: the document of `GET /api/v1/submissions/{id}`, sent again whenever it changes, until it is
 * final.
 */
import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { findSubmission, submissionBody } from '#app/_server/submissions.ts';
import { takeStream, watchSubmission } from '#app/_server/watch.ts';
import type { SubmissionDetail } from '#db/submissions/submissions.ts';
import { clientAddress, senderOf } from '#lib/http/client-address.ts';
import { canViewSubmission } from '#lib/permissions.ts';
import { isFinal } from '#lib/vocabulary.ts';

/** A comment now and then keeps proxies from closing a quiet connection. */
const QUIET = 15_000;
/** After this time the browser reconnects, and its session is checked again. */
const LONGEST = 15 * 60_000;

export const GET = route(
  { params: z.object({ id: z.string() }), limit: 'streams' },
  async ({ params, viewer, request }) => {
    await findSubmission(viewer, params.id); // "not found" is a status, not an event
    const address = clientAddress(request.headers);
    const giveBack = takeStream(viewer?.id ?? null, address && senderOf(address));
    const text = new TextEncoder();
    let end: () => void = giveBack;

    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        let last = '';
        let seen = '';
        let spoke = Date.now();
        const until = Date.now() + LONGEST;
        const send = (lines: string) => {
          controller.enqueue(text.encode(`${lines}\n\n`));
          spoke = Date.now();
        };
        const stopWatching = watchSubmission(params.id, (submission) => void hear(submission));
        let over = false;
        end = () => {
          if (over) return;
          over = true;
          stopWatching();
          giveBack();
        };
        request.signal.addEventListener('abort', end);
        const close = () => {
          end();
          controller.close();
        };
        const hear = async (submission: SubmissionDetail | null) => {
          try {
            if (over) return;
            if (Date.now() > until || !submission || !canViewSubmission(viewer, submission)) return close();
            // build the whole document only after a change
            const now = JSON.stringify(submission);
            if (now !== seen) {
              seen = now;
              const data = JSON.stringify(await submissionBody(viewer, submission));
              if (over) return;
              if (data !== last) send(`event: submission\ndata: ${data}`);
              last = data;
            } else if (Date.now() - spoke > QUIET) send(':');
            if (!isFinal(submission.state)) return;
            send('event: end\ndata: {}');
            close();
          } catch (error) {
            // the reader has left, or the document cannot be built: close the stream
            const left = over;
            end();
            if (!left) controller.error(error);
          }
        };
        send('retry: 2000');
      },
      cancel: () => end(),
    });
    return new Response(body, {
      headers: {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store, no-transform',
        'x-accel-buffering': 'no',
      },
    });
  },
);
