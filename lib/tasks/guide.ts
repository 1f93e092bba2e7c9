/**
 * Parts of a task's page that follow from its slots and kind, so that a new task has them too: the files a slot takes,
 * each with a small example, and the commands.
 */
import { DEFAULT_TASK, parseTask } from './index.ts';
import type { FileFormat } from './kinds.ts';
import { hasOneSlot } from './slots.ts';
import type { Task } from './task.ts';

export type { FileFormat };

/** List the formats of a task's slots. */
export function formatsOf(task: Task): FileFormat[] {
  const { formats } = task.kind;
  return hasOneSlot(task) ? [...formats] : [...formats, archiveOf(task)];
}

/** Return the slots shown in examples: only the first ones if some are enough. */
function slotsShown({ slots, slotsAreDatasets, least }: Task): string[] {
  if (slotsAreDatasets) return ['EVICAN'];
  return slots.slice(0, least === undefined ? slots.length : Math.max(least, 2)).map(({ id }) => id);
}

function archiveOf(task: Task): FileFormat {
  return {
    name: 'All files in one archive',
    text: 'A .zip with a member per slot, named by it; upper and lower case, “-”, “_” and “%” do not matter. Members may be gzipped. A member that belongs to no slot is an error.',
    example: slotsShown(task)
      .map((slot) => `${slot}.${task.kind.ending}\n`)
      .join(''),
    archive: true,
  };
}

interface TaskCommand {
  readonly what: string;
  /** its words; those with a space or an ellipsis are quoted for display */
  readonly words: readonly string[];
}

/** List the commands to score, check and submit the files of a task. File names stand for the reader's own. */
export function commandsOf(task: Task): TaskCommand[] {
  const { id, kind } = task;
  const single = hasOneSlot(task);
  const shown = slotsShown(task);
  const of = task === DEFAULT_TASK ? [] : ['--task', id];
  const apart = single ? ['mine.json'] : shown.map((slot) => `${slot}=${slot}.${kind.ending}`);
  const own = kind.truthPerSlot || task.slotsAreDatasets;
  const truth = own
    ? shown.flatMap((slot) => ['--ground-truth', `${slot}=${slot}-${kind.truthName}.json`])
    : ['--ground-truth', 'livecell_coco_test.json'];
  const predictions = apart.flatMap((file) => ['--predictions', file]);
  const submit = ['livecell', 'submit', ...of, '--method', 'My model', '--token', 'TOKEN', '--wait'];
  const commands: TaskCommand[] = [
    { what: 'Score here, without a server', words: ['livecell', 'score', ...of, ...truth, ...predictions] },
    {
      what: 'List every problem of the files, without scoring',
      words: ['livecell', 'validate', ...of, ...truth, ...predictions],
    },
    { what: 'Submit', words: [...submit, ...(single ? apart : apart.flatMap((file) => ['--slot-file', file]))] },
  ];
  if (!single) {
    commands.splice(1, 0, {
      what: 'The same with one archive',
      words: ['livecell', 'score', ...of, ...truth, '--predictions', 'all.zip'],
    });
    commands.push({ what: 'Submit one archive', words: [...submit, 'all.zip'] });
  }
  if (task.also) {
    const also = task.also.flatMap((other) => ['--also', other]);
    const names = task.also.map((other) => parseTask(other)?.name ?? other).join(', ');
    commands.push({ what: `Submit the same files to ${names} as well`, words: [...submit, ...also, 'all.zip'] });
  }
  if (kind.takesThreshold) {
    commands.push({
      what: 'Predictions instead of counts: those with at least this score are counted',
      words: [
        ...commands[0].words.slice(0, 4),
        ...truth.slice(0, 2),
        '--predictions',
        `${shown[0]}=mine.json`,
        '--score-threshold',
        '0.5',
      ],
    });
  }
  return commands;
}

/** Return a command as typed, one option with its value per line. */
export function commandLine({ words }: TaskCommand): string {
  const quoted = words.map((word) => (/[^\w=./-]/.test(word) ? `"${word}"` : word));
  const lines: string[] = [];
  let line = quoted.slice(0, 2).join(' ');
  for (let i = 2; i < quoted.length; i++) {
    const next = quoted[i + 1];
    const part =
      quoted[i].startsWith('--') && next !== undefined && !next.startsWith('--') && quoted[i] !== '--wait'
        ? `${quoted[i]} ${quoted[++i]}`
        : quoted[i];
    if (line.length + part.length > 70) {
      lines.push(line);
      line = `  ${part}`;
    } else line += ` ${part}`;
  }
  return [...lines, line].join(' \\\n');
}
