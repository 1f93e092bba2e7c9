/** Scores a submission again; its shown score changes only when the board switches. */

import type { RescoreData, ScoreContext } from '#db/queue/queue.ts';
import { failRescoreItem, handRescoreBack, isRescoring, saveRescore, startRescoreItem } from '#db/rescore/score.ts';
import { log } from '#lib/log.ts';
import { summarizeProblems } from '#lib/problems.ts';
import { type JobRoom, runJob } from './run-job.ts';
import { buildJob, keepOutcomes, keptReports, withOutcomesPath } from './score.ts';

export async function rescoreSubmission(
  room: JobRoom,
  { rescoreId, submissionId }: RescoreData,
  context: ScoreContext,
): Promise<void> {
  const fields = { rescore: rescoreId, submission: submissionId, attempt: context.attempt };
  const input = await startRescoreItem(rescoreId, submissionId);
  if (!input) return log.info('nothing-to-rescore', fields);
  await runJob(room, context, {
    kind: 'rescore',
    begin: 'rescoring',
    fields,
    isWanted: () => isRescoring(rescoreId, submissionId),
    async run(signal) {
      return withOutcomesPath(async (outcomes) => {
        const job = { ...(await buildJob(input)), outcomes, threads: room.threads };
        const outcome = await room.pool.score(job, { signal });
        if (outcome.ok) await keepOutcomes(submissionId, outcome.reports, outcomes);
        const saved = outcome.ok
          ? await saveRescore(rescoreId, submissionId, keptReports(input, outcome.reports))
          : await failRescoreItem(rescoreId, submissionId, summarizeProblems(outcome.problems));
        if (!saved) return 'too-late';
        return outcome.ok ? 'rescored' : 'rescore-rejected';
      });
    },
    handBack: () => handRescoreBack(rescoreId, submissionId),
  });
}

/** Record the failure of a submission of a re-score that has no attempts left. */
export async function giveUpRescoring({ rescoreId, submissionId }: RescoreData, reason: string): Promise<void> {
  if (await failRescoreItem(rescoreId, submissionId, reason))
    log.warn('rescore-failed', { rescore: rescoreId, submission: submissionId, reason });
}
