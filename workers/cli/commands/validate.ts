/** `livecell validate`: lists every problem of files, without scoring them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Problem } from '#lib/problems.ts';
import { LIMITS_IN_WORDS } from '#lib/readers/limits.ts';
import { hasOneSlot } from '#lib/tasks/slots.ts';
import {
  CallError,
  type Command,
  InputError,
  JSON_OPTION,
  ofPredictions,
  problemLine,
  warningNote,
} from '#workers/cli/command.ts';
import { refused } from '#workers/cli/score-here.ts';
import {
  ANY_CATEGORY,
  CATEGORY,
  groundTruthFor,
  imagesFor,
  openTask,
  PREDICTIONS_HELP,
  parseCategory,
  parseThreshold,
  SCORE_THRESHOLD,
  SLOTS_IN_WORDS,
  slotFiles,
  TASK_OPTION,
  withGroundTruth,
} from '#workers/cli/slot-arguments.ts';
import { count } from '#workers/cli/words.ts';

export const validate: Command = {
  name: 'validate',
  help: 'Lists every problem of the files for a task, with record numbers. Scores nothing.',
  details: `${SLOTS_IN_WORDS}\n\nA file may have\n${LIMITS_IN_WORDS.map((limit) => `  ${limit}`).join('\n')}`,
  example: 'livecell validate --images images.json --predictions mine.json',
  options: {
    'ground-truth': {
      type: 'string',
      value: '[SLOT=]FILE',
      help: 'COCO annotations, .json or .json.gz; for fluorescence-counts a file of counts per cell type',
      multiple: true,
    },
    images: {
      type: 'string',
      value: '[SLOT=]FILE',
      help: 'or only the images: their ids, names and sizes; for counts, their names',
      multiple: true,
    },
    predictions: {
      type: 'string',
      value: '[SLOT=]FILE',
      help: `${PREDICTIONS_HELP}; one per slot, or one .zip with a file per slot`,
      multiple: true,
    },
    task: TASK_OPTION,
    slot: { type: 'string', value: 'SLOT', help: 'which slot a file without SLOT= is for' },
    'score-threshold': SCORE_THRESHOLD,
    'any-category': ANY_CATEGORY,
    category: CATEGORY,
    json: JSON_OPTION,
  },
  async run(values, files, out) {
    const task = openTask(values.task);
    const given: string[] = [...(values.predictions ?? []), ...files];
    if (given.length === 0) throw new CallError('The prediction file is missing (--predictions).');
    if (!values['ground-truth']?.length === !values.images?.length)
      throw new CallError('Either --ground-truth or --images is needed, to know the images.');
    const predictions = await slotFiles(task, given, values.slot, { some: true });
    const dir = await mkdtemp(join(tmpdir(), 'livecell-'));
    try {
      const { checkFiles } = await import('#workers/scoring/check-files.ts');
      const against = values.images?.length
        ? await imagesFor(task, values.images, predictions, dir)
        : await groundTruthFor(task, values['ground-truth'], predictions);
      const job = {
        task,
        files: withGroundTruth(predictions, against, parseThreshold(task, values['score-threshold'])),
        groundTruth: against.path,
        images: against.images,
        anyCategory: values['any-category'],
        category: parseCategory(task, values.category),
      };
      const { problems, warnings, ...found } = await checkFiles(job).catch((error: { problems?: Problem[] }) => {
        throw error.problems ? refused(error.problems, [], out) : error;
      });
      const ok = problems.length === 0;
      // for a single file also the fields from before there were several
      const [{ format, detections, images } = {}] = found.files.length === 1 ? found.files : [];
      out.document({ ok, task: task.id, problems, warnings, detections, images, format, files: found.files });
      // errors first: warnings are often their consequence
      if (!ok)
        throw new InputError(
          ...problems.map(problemLine),
          ...(out.json ? [] : ofPredictions(warnings).map(warningNote)),
        );
      if (!out.json) out.warnings(ofPredictions(warnings));
      const files = found.files.map(({ slot, detections, images, format }) => {
        const what = count(detections, task.kind.counted);
        return `${hasOneSlot(task) ? '' : `${slot}: `}${what} on ${count(images, 'image')} (${format})`;
      });
      out.print(files.length === 1 ? `No problems: ${files[0]}.` : `No problems:\n  ${files.join('\n  ')}`);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
};
