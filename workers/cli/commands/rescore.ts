/** `livecell rescore`: scores everything again with this version's evaluator. */
import { CallError, type Command, InputError, JSON_OPTION } from '#workers/cli/command.ts';
import { openTask } from '#workers/cli/slot-arguments.ts';
import { withDatabase } from '#workers/cli/with-database.ts';

export const rescore: Command = {
  name: 'rescore',
  help: 'Has what was scored scored again by the evaluator of this version; boards switch when all of it is done.',
  details:
    'Old scores stay on record. Without --task and --submission it is everything there is. Scoring is the work of the\n' +
    'scoring processes: of the running site, or as soon as it is started.',
  example: 'livecell rescore --task livecell-wide --reason "Ties are broken by image order now"',
  options: {
    task: { type: 'string', value: 'TASK', help: 'the data sets of this task' },
    submission: { type: 'string', value: 'ID', help: 'this submission alone' },
    reason: { type: 'string', value: 'TEXT', help: 'owners read it; default: the evaluator is another' },
    json: JSON_OPTION,
  },
  async run(values, files, out) {
    if (files.length > 0) throw new CallError(`“${files[0]}” is not expected.`);
    const { task: wanted, submission: submissionId } = values;
    if (wanted !== undefined && submissionId !== undefined)
      throw new CallError('--task or --submission, not both: a submission has its task.');
    const task = wanted === undefined ? null : openTask(wanted);
    const { EVALUATOR_VERSION } = await import('#lib/scoring/version.ts');
    const reason = values.reason?.trim() || `Evaluator ${EVALUATOR_VERSION}`;
    const begun = await withDatabase(async () => {
      const { listDatasets } = await import('#db/datasets/datasets.ts');
      const { startRescore } = await import('#db/rescore/start.ts');
      if (submissionId !== undefined)
        return [{ submission: submissionId, ...outcome(await startRescore({ submissionId, reason }, null)) }];
      const found = await listDatasets(task ? { task: task.id } : {});
      if (found.length === 0)
        throw new InputError(task ? `${task.id} has no ground truth yet.` : 'There is no ground truth yet.');
      const lines: ({ dataset: string } & ReturnType<typeof outcome>)[] = [];
      for (const { id: datasetId, name } of found) {
        try {
          lines.push({ dataset: name, ...outcome(await startRescore({ datasetId, reason }, null)) });
        } catch (error) {
          // if there are several data sets, a busy one does not block the others
          if ((error as { code?: string }).code !== 'conflict') throw error;
          lines.push({ dataset: name, id: null, state: 'busy', note: (error as Error).message });
        }
      }
      return lines;
    });
    out.document({ evaluator: EVALUATOR_VERSION, reason, rescores: begun });
    for (const line of begun) {
      const what = 'dataset' in line ? `“${line.dataset}”` : `Submission ${line.submission}`;
      out.print(line.note ?? `${what} ${SAID[line.state]}`);
    }
  },
};

const SAID: Readonly<Record<string, string>> = {
  'up-to-date': 'has scores of this evaluator already.',
  done: 'is done: nothing had to be computed.',
  running: 'is being scored again; progress and decisions are on /maintain/ground-truth.',
};

function outcome(begun: { id: string; state: string } | null): {
  id: string | null;
  state: string;
  note: string | null;
} {
  return begun ? { id: begun.id, state: begun.state, note: null } : { id: null, state: 'up-to-date', note: null };
}
