/** Passes the progress of a running job from the thread to the submission. */
import { MessageChannel } from 'node:worker_threads';
import type { Progress } from '#db/schema.ts';
import { saveProgress } from '#db/submissions/scoring.ts';
import { errorFields, log } from '#workers/log.ts';

/** Save the progress that arrives at `port`: only the latest, at most once per interval, and never two at once. */
export function followProgress(submissionId: string, { progressMilliseconds }: { progressMilliseconds: number }) {
  const { port1, port2 } = new MessageChannel();
  let latest: Progress | null = null;
  let saving = false;
  let closed = false;

  async function saveLatest(): Promise<void> {
    saving = true;
    while (latest && !closed) {
      const progress = latest;
      latest = null;
      // progress is not essential: if it cannot be saved, scoring continues
      await saveProgress(submissionId, progress).catch((error) => log('progress-not-saved', errorFields(error)));
      await new Promise((resolve) => setTimeout(resolve, progressMilliseconds));
    }
    saving = false;
  }

  port1.on('message', (progress: Progress) => {
    latest = progress;
    if (!saving) void saveLatest();
  });
  return {
    port: port2,
    close() {
      closed = true;
      port1.close();
    },
  };
}
