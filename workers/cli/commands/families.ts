/** `livecell families`: the numbers that other papers report, on this machine. */
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import { DEFAULT_TASK } from '#lib/tasks/index.ts';
import { CallError, type Command, JSON_OPTION, ofPredictions } from '#workers/cli/command.ts';
import { familiesTable } from '#workers/cli/families-table.ts';
import { scoreHere } from '#workers/cli/score-here.ts';
import {
  ANY_CATEGORY,
  CATEGORY,
  groundTruthFor,
  openTask,
  PREDICTIONS_HELP,
  parseCategory,
  parseLabelThreshold,
  slotFiles,
  withGroundTruth,
} from '#workers/cli/slot-arguments.ts';

export const families: Command = {
  name: 'families',
  help: 'Computes what other papers report: Cellpose’s AP, mSA, F1, PQ, SEG, AJI, from label images of the masks.',
  details:
    'They compare label images, in which objects cannot overlap: detections are painted by score, and the ground truth\n' +
    'is flattened in two ways, since papers do either. score --families gives them within the whole report.',
  example: 'livecell families --ground-truth test.json --predictions mine.json',
  options: {
    'ground-truth': { type: 'string', value: 'FILE', help: 'COCO annotations, .json or .json.gz' },
    predictions: { type: 'string', value: 'FILE', help: PREDICTIONS_HELP },
    'label-threshold': {
      type: 'string',
      value: 'SCORE',
      help: 'paint detections with at least this score; default: that of the best F1',
    },
    'any-category': ANY_CATEGORY,
    category: CATEGORY,
    json: JSON_OPTION,
  },
  async run(values, files, out) {
    const task = openTask(DEFAULT_TASK.id);
    if (files.length > 0) throw new CallError(`“${files[0]}”: files are given with --ground-truth and --predictions.`);
    if (!values['ground-truth']) throw new CallError('--ground-truth is missing.');
    const predictions = await slotFiles(task, values.predictions ? [values.predictions] : [], undefined);
    const against = await groundTruthFor(task, [values['ground-truth']], predictions);
    const labelThreshold = parseLabelThreshold(values['label-threshold']);
    const report = await scoreHere(
      {
        task,
        protocol: PRIMARY_PROTOCOL,
        groundTruth: against.path,
        files: withGroundTruth(predictions, against),
        intervals: false,
        errors: false,
        families: true,
        ...(labelThreshold !== undefined && { labelThreshold }),
        anyCategory: values['any-category'],
        category: parseCategory(task, values.category),
      },
      out,
    );
    const { evaluator, groundTruth, predictions: scored } = report;
    out.document({ evaluator, groundTruth, predictions: scored, families: report.families });
    out.print(report.families ? familiesTable(report.families) : 'The predictions have no masks.');
    if (!out.json) out.warnings(ofPredictions(report.warnings));
  },
};
