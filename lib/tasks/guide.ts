/**
 * What a task's page says beyond its literal in `tasks.ts`: the files a slot takes, with a small example of each, and
 * the commands. Both follow from slots and kind, so that a new task has them too.
 */
import { type Slot, TASKS, type Task } from './index.ts';

export interface FileFormat {
  readonly name: string;
  readonly text: string;
  /** a file, or where `archive` is set the names of its members */
  readonly example: string;
  readonly archive?: true;
}

const COCO_RESULTS: FileFormat = {
  name: 'COCO results',
  text: 'A JSON array with a record per detection, plain, gzipped or alone in a .zip. The image is its id or its file name, with or without extension. A mask is compressed or uncompressed RLE, or polygons; without a box, the mask’s box serves; without any mask, only boxes are scored. category_id is 1 or absent. mask_score, where present, ranks the masks and score the boxes.',
  example: `[
  {
    "image_id": "A172_Phase_C7_1_00d00h00m_1.tif",
    "category_id": 1,
    "score": 0.98,
    "segmentation": {
      "size": [520, 704],
      "counts": "ZZd0d0d?0000000000000000000000000000000000000fPW:"
    }
  },
  {
    "image_id": "A172_Phase_C7_1_00d00h00m_1.tif",
    "score": 0.87,
    "segmentation": [[110, 42, 128, 40, 133, 58, 117, 63]],
    "bbox": [110, 40, 23, 23]
  }
]
`,
};

const LABEL_IMAGES: FileFormat = {
  name: 'Label images',
  text: 'A .zip of one 8-, 16- or 32-bit PNG or TIFF per image, of the image’s size: 0 is background, every other number a cell. A file is named after its image, with or without the usual suffixes. Label images have no scores, so such entries are ranked among themselves.',
  example: `A172_Phase_C7_1_00d00h00m_1_cp_masks.png
A172_Phase_C7_1_00d00h00m_2_cp_masks.png
BT474_Phase_D3_1_00d00h00m_1_cp_masks.png
`,
  archive: true,
};

const COUNTS: readonly FileFormat[] = [
  {
    name: 'Counts as JSON',
    text: 'A count per image, by its file name.',
    example: `{
  "A172_Phase_C7_1_00d00h00m_1.tif": 143,
  "A172_Phase_C7_1_00d00h00m_2.tif": 167
}
`,
  },
  {
    name: 'Counts as CSV',
    text: 'The same as a table, with this header.',
    example: `image,count
A172_Phase_C7_1_00d00h00m_1.tif,143
A172_Phase_C7_1_00d00h00m_2.tif,167
`,
  },
];

const FORMATS: Readonly<Record<Slot['takes'], readonly FileFormat[]>> = {
  predictions: [COCO_RESULTS, LABEL_IMAGES],
  'predictions or counts': [...COUNTS, COCO_RESULTS],
};

/** What a file of each slot may be; the slots of a task that are data sets take predictions. */
export function formatsOf(task: Task): FileFormat[] {
  const takes = new Set(task.slots.length > 0 ? task.slots.map((slot) => slot.takes) : (['predictions'] as const));
  const formats = [...takes].flatMap((one) => FORMATS[one]);
  return task.slots.length === 1 ? formats : [...formats, archiveOf(task)];
}

/** The first slots stand for all of them where some are enough. */
function slotsShown({ slots, least }: Task): string[] {
  if (slots.length === 0) return ['EVICAN'];
  return slots.slice(0, least === undefined ? slots.length : Math.max(least, 2)).map(({ id }) => id);
}

function archiveOf(task: Task): FileFormat {
  return {
    name: 'All files in one archive',
    text: 'A .zip with a member per slot, named by it; upper and lower case, “-”, “_” and “%” do not matter. Members may be gzipped. A member that belongs to no slot is an error.',
    example: slotsShown(task)
      .map((slot) => `${slot}.${task.kind === 'counts' ? 'csv' : 'json'}\n`)
      .join(''),
    archive: true,
  };
}

export interface TaskCommand {
  readonly what: string;
  /** its words; those with a space or an ellipsis are quoted where they are shown */
  readonly words: readonly string[];
}

/** How to score, check and submit the files of a task. File names stand for the reader's own. */
export function commandsOf(task: Task): TaskCommand[] {
  const { id, kind, slots } = task;
  const single = slots.length === 1;
  const shown = slotsShown(task);
  const of = task === TASKS['livecell-wide'] ? [] : ['--task', id];
  const ending = kind === 'counts' ? 'csv' : 'json';
  const apart = single ? ['mine.json'] : shown.map((slot) => `${slot}=${slot}.${ending}`);
  const own = kind === 'counts' || slots.length === 0;
  const truth = own
    ? shown.flatMap((slot) => [
        '--ground-truth',
        `${slot}=${slot}-${kind === 'counts' ? 'nuclei' : 'ground-truth'}.json`,
      ])
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
    const names = task.also.map((other) => TASKS[other].name).join(', ');
    commands.push({ what: `Submit the same files to ${names} as well`, words: [...submit, ...also, 'all.zip'] });
  }
  if (kind === 'counts') {
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

/** A command as it is typed, an option with its value to a line. */
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
