/** Passes the progress of a running job to the submission. */
import type { Progress } from '#db/schema.ts';
import { saveProgress } from '#db/submissions/scoring.ts';
import { log } from '#lib/log.ts';

/** Return how to save progress: only the latest, at most once per interval, and never two at once. */
export function followProgress(submissionId: string, { progressMilliseconds }: { progressMilliseconds: number }) {
  let latest: Progress | null = null;
  let saving = false;
  let closed = false;

  async function saveLatest(): Promise<void> {
    saving = true;
    while (latest && !closed) {
      const progress = latest;
      latest = null;
      // progress is not essential: if it cannot be saved, scoring continues
      await saveProgress(submissionId, progress).catch((error) => log.error('progress-not-saved', error));
      await new Promise((resolve) => setTimeout(resolve, progressMilliseconds));
    }
    saving = false;
  }

  return {
    save(progress: Progress) {
      latest = progress;
      if (!saving) void saveLatest();
    },
    close() {
      closed = true;
    },
  };
}
