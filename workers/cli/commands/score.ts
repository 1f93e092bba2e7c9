/** `livecell score`: scores predictions on this machine. */
import { PRIMARY_PROTOCOL, PROTOCOL_IDS, type ProtocolId } from '#lib/coco/protocol.ts';
import { list } from '#lib/format.ts';
import { listOpenTasks } from '#lib/tasks/index.ts';
import type { Task } from '#lib/tasks/task.ts';
import { CallError, type Command, JSON_OPTION, ofPredictions, type Values } from '#workers/cli/command.ts';
import { reportTable } from '#workers/cli/report-table.ts';
import { scoreHere } from '#workers/cli/score-here.ts';
import {
  ANY_CATEGORY,
  CATEGORY,
  groundTruthFor,
  openTask,
  PREDICTIONS_HELP,
  parseCategory,
  parseLabelThreshold,
  parseThreshold,
  SCORE_THRESHOLD,
  slotFiles,
  TASK_OPTION,
  withGroundTruth,
} from '#workers/cli/slot-arguments.ts';
import type { ScoreJob } from '#workers/scoring/job.ts';

export const score: Command = {
  name: 'score',
  help: 'Scores predictions here, without a server: the same numbers as on the leaderboard.',
  example: 'livecell score --ground-truth test.json --predictions mine.json --protocol coco --json',
  options: {
    'ground-truth': {
      type: 'string',
      value: '[SLOT=]FILE',
      help: 'COCO annotations, .json or .json.gz; for fluorescence-counts a file of counts per cell type',
      multiple: true,
    },
    predictions: {
      type: 'string',
      value: '[SLOT=]FILE',
      help: `${PREDICTIONS_HELP}; one per slot, or one .zip with a file per slot`,
      multiple: true,
    },
    task: TASK_OPTION,
    'score-threshold': SCORE_THRESHOLD,
    protocol: {
      type: 'string',
      value: 'NAME',
      help: `${PROTOCOL_IDS.join(', ')}; default: ${PRIMARY_PROTOCOL}`,
      default: PRIMARY_PROTOCOL,
    },
    slot: { type: 'string', value: 'SLOT', help: 'which slot a file without SLOT= is for' },
    'any-category': ANY_CATEGORY,
    category: CATEGORY,
    'no-intervals': { type: 'boolean', help: 'leave out the uncertainty intervals' },
    'no-errors': { type: 'boolean', help: 'leave out the errors by kind' },
    families: {
      type: 'boolean',
      help: 'also the numbers other papers report (Cellpose’s AP, mSA, F1, PQ, SEG, AJI), from label images of the masks',
    },
    'label-threshold': {
      type: 'string',
      value: 'SCORE',
      help: 'with --families: paint detections with at least this score; default: that of the best F1',
    },
    json: JSON_OPTION,
  },
  async run(values, files, out) {
    const task = openTask(values.task);
    const protocol = parseProtocol(values.protocol);
    if (files.length > 0) throw new CallError(`“${files[0]}”: files are given with --ground-truth and --predictions.`);
    if (!values['ground-truth']?.length) throw new CallError('--ground-truth is missing.');
    const predictions = await slotFiles(task, values.predictions ?? [], values.slot);
    const against = await groundTruthFor(task, values['ground-truth'], predictions);
    const slots = withGroundTruth(predictions, against, parseThreshold(task, values['score-threshold']));
    const report = await scoreHere(
      {
        task,
        protocol,
        groundTruth: against.path,
        files: slots,
        intervals: !values['no-intervals'],
        errors: !values['no-errors'],
        anyCategory: values['any-category'],
        category: parseCategory(task, values.category),
        ...familiesOf(task, values),
      },
      out,
    );
    out.document(report);
    out.print(reportTable(report));
    if (!out.json) out.warnings(ofPredictions(report.warnings));
  },
};

function parseProtocol(name: string): ProtocolId {
  const id = PROTOCOL_IDS.find((known) => known === name);
  if (!id) throw new CallError(`There is no protocol “${name}”; there are ${PROTOCOL_IDS.join(', ')}.`);
  return id;
}

function familiesOf(task: Task, values: Values): Pick<ScoreJob, 'families' | 'labelThreshold'> {
  const stated: string | undefined = values['label-threshold'];
  if (!values.families) {
    if (stated !== undefined) throw new CallError('--label-threshold needs --families.');
    return {};
  }
  if (!task.families) {
    const having = listOpenTasks().filter(({ families }) => families);
    throw new CallError(`--families is for ${list(having.map(({ id }) => id))}.`);
  }
  const labelThreshold = parseLabelThreshold(stated);
  return { families: true, ...(labelThreshold !== undefined && { labelThreshold }) };
}
