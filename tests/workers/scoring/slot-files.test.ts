/** Messages about wrong files, task by task; `validate` gives the same ones as scoring. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strToU8, type Zippable, zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CELL_TYPES, cellTypeOf } from '#lib/livecell/cell-types.ts';
import { TASKS, type TaskId } from '#lib/tasks/index.ts';
import { type DemoData, writeDemoData } from '#workers/demo/data.ts';
import { checkFiles } from '#workers/scoring/check-files.ts';
import type { GivenFile } from '#workers/scoring/slot-files.ts';
import scoreTask, { dismissHelpers } from '#workers/scoring/task.ts';

const dir = mkdtempSync(join(tmpdir(), 'livecell-slots-'));
let demo: DemoData;
/** files by the names the tables below use */
let file: Record<string, string>;
/** the first images of A549, which the tables call `{first}` … */
let image: Record<string, string>;

beforeAll(async () => {
  demo = await writeDemoData(dir, { imagesPerType: 1 });
  const { images } = JSON.parse(readFileSync(demo.groundTruth, 'utf8')) as {
    images: { id: number; file_name: string }[];
  };
  const types = new Map(images.map(({ id, file_name }) => [id, cellTypeOf(file_name)!]));
  const detections = JSON.parse(readFileSync(demo.predictions[0].path, 'utf8')) as {
    image_id: number;
    score: number | null;
    category_id: number;
  }[];
  const counts = JSON.parse(readFileSync(demo.counts.A549.predictions, 'utf8')) as Record<string, number>;
  const [first, second, third] = Object.keys(counts);
  image = { first, second, third };
  const csv = `image,count\n${Object.entries(counts)
    .map((entry) => entry.join(','))
    .join('\n')}\n`;
  const model = readFileSync(demo.predictions[0].path);
  const a172 = detections.filter(({ image_id }) => types.get(image_id) === 'A172');
  const noScore = detections.map((detection) => ({ ...detection, score: null }));
  const png = new Uint8Array(readFileSync(join(import.meta.dirname, '../../fixtures/labels/pillow_u16.png')));
  file = {
    good: demo.predictions[0].path,
    a172: write('a172.json', a172),
    from0: write(
      'from0.json',
      detections.map((detection) => ({ ...detection, category_id: 0 })),
    ),
    noScore: write('no-score.json', noScore),
    truth: demo.groundTruth,
    counts: demo.counts.A549.predictions,
    csv: write('counts.csv', strToU8(csv)),
    negative: write('negative.json', { ...counts, [first]: -3 }),
    fractional: write('fractional.csv', strToU8(csv.replace(`${second},${counts[second]}`, `${second},12.5`))),
    unknown: write('unknown.json', { ...counts, 'A549_Phase_Z9_1_00d00h00m_1.tif': 7 }),
    missing: write('missing.json', { ...counts, [third]: undefined }),
    'other series': demo.counts.A172.predictions,
    labels: archive('labels.zip', { 'nowhere_cp_masks.png': png }),
    'extra members': archive('extra.zip', { '2.json': model, '100.json': model, 'final.json': model }),
    'twice a slot': archive('twice.zip', { '2.json': model, '2%/a.json': model, '100.json': model }),
    'two files': archive('two.zip', { 'a.json': model, 'b.json': model }),
    'zip in zip': archive('nested.zip', { 'inner.zip': zipSync({ 'a.json': model }) }),
    'zip in zip of a slot': archive('deep.zip', {
      '2.json': model,
      '100.zip': zipSync({ 'inner.zip': zipSync({ 'a.json': model }) }),
    }),
    'a large picture': archive('large.zip', {
      '2.json': model,
      100: { 'a.png': Uint8Array.from({ length: 70e6 }, (_, i) => png[i] ?? 0), 'b.png': png },
    }),
    'a bomb': archive('bomb.zip', { '2.json': model, '100.json': new Uint8Array(70e6).fill(32) }),
    'all but two': archive(
      'six.zip',
      Object.fromEntries(CELL_TYPES.flatMap((type) => (/BV2|MCF7/.test(type) ? [] : [[`${type}.json`, model]]))),
    ),
    'data sets': archive('sets.zip', { 'EVICAN.json': model, 'cellpose-2.json.gz': model }),
    'another data set': archive('set.zip', { 'EVICAN.json': model, 'Omnipose.json': model }),
  };
});
afterAll(async () => {
  await dismissHelpers();
  rmSync(dir, { recursive: true, force: true });
});

function write(name: string, content: unknown): string {
  const path = join(dir, name);
  writeFileSync(path, content instanceof Uint8Array ? content : JSON.stringify(content));
  return path;
}

function archive(name: string, members: Zippable): string {
  return write(name, zipSync(members, { level: 1 }));
}

const SETS = ['EVICAN', 'Cellpose 2'];

/** What scoring and checking say of `SLOT=file` pairs, a file without a slot being an archive. */
async function told(task: TaskId, given: string[]) {
  const types = ['A172', 'A549'] as const;
  const files = given.map((text): GivenFile => {
    const [name, slot = 'all'] = text.split('=').reverse();
    const groundTruth = task === 'fluorescence-counts' ? demo.counts[slot as 'A172']?.reference : undefined;
    const datasets =
      task === 'zero-shot'
        ? SETS.map((set) => ({ slot: set, groundTruth: demo.groundTruth }))
        : types.map((type) => ({ slot: type, groundTruth: demo.counts[type].reference }));
    const several = slot === 'all' && (task === 'zero-shot' || task === 'fluorescence-counts');
    return { slot, path: file[name], groundTruth, ...(several && { datasets }) };
  });
  const outcome = await scoreTask({
    task,
    groundTruth: { path: demo.groundTruth },
    files,
    protocols: ['livecell-paper'],
    intervals: false,
    errors: false,
    threads: 1,
  });
  const scored = outcome.ok
    ? { problems: [], warnings: outcome.reports[0].warnings }
    : { problems: outcome.problems, warnings: outcome.warnings };
  const checked = await checkFiles({ task: TASKS[task], groundTruth: demo.groundTruth, files });
  return { scored, checked };
}

test.each<[TaskId, string[], string, string]>([
  // slots
  [
    'transferability',
    ['all but two'],
    'missing-slot',
    'There is no file for slot BV2. Transferability needs all of A172, BT474, BV2, Huh7, MCF7, SHSY5Y, SkBr3, SKOV3.',
  ],
  [
    'training-size',
    ['25=good'],
    'too-few-slots',
    'Training-set size needs files for at least 2 of its slots 2, 4, 5, 25, 50, 100. There is only 25.',
  ],
  [
    'single-cell-type',
    ['BT474=a172'],
    'wrong-cell-type',
    'Slot BT474, “a172.json”: The file has no detections on images of BT-474; it has some on A172 (',
  ],
  // the wrong kind of file
  [
    'single-cell-type',
    ['A172=counts', 'SKOV3=good'],
    'counts-not-predictions',
    'The file holds a count per image, and predictions are wanted here',
  ],
  ['training-size', ['2=csv', '100=good'], 'counts-not-predictions', 'The file holds a count per image'],
  ['livecell-wide', ['all=csv'], 'counts-not-predictions', 'The file holds a count per image'],
  [
    'fluorescence-counts',
    ['A549=good'],
    'not-counts',
    'The file is a JSON list, not counts per image. Write {"<file name>": <count>, …} as JSON, or CSV with the header image,count and a line per image. Predictions are counted when a score threshold is stated with them',
  ],
  [
    'fluorescence-counts',
    ['A549=labels'],
    'not-counts',
    'this is an archive of images. Send counts per image, or predictions as COCO results.',
  ],
  [
    'zero-shot',
    ['all=truth'],
    'annotations-not-predictions',
    'Slot EVICAN, “demo-ground-truth.json”: This is an annotation file, not predictions',
  ],
  // archives
  [
    'training-size',
    ['extra members'],
    'zip-extra-member',
    '“final.json” in the archive is named after no slot of Training-set size: 2, 4, 5, 25, 50, 100. Rename it, or leave it out.',
  ],
  [
    'training-size',
    ['twice a slot'],
    'zip-duplicate-member',
    '“2%/a.json” and “2.json” in the archive are both for slot 2. Keep one of them.',
  ],
  [
    'livecell-wide',
    ['all=two files'],
    'zip-with-several-files',
    'The zip archive has several files (“a.json”, “b.json”). Send one file of predictions',
  ],
  [
    'livecell-wide',
    ['all=zip in zip'],
    'zip-in-zip',
    '“inner.zip” is a zip archive inside the zip archive. Send one of them alone.',
  ],
  [
    'training-size',
    ['zip in zip of a slot'],
    'zip-in-zip',
    'Slot 100, “100.zip”: “inner.zip” is a zip archive inside the zip archive.',
  ],
  [
    'training-size',
    ['a large picture'],
    'label-image-too-large',
    '“100/a.png” unpacks to 70,000,000 bytes; a label image has at most 68,157,440.',
  ],
  [
    'training-size',
    ['a bomb'],
    'inflates-too-far',
    '“100.json” unpacks to more than 200 times its size; it is not read further.',
  ],
  [
    'transferability',
    ['good'],
    'not-a-zip',
    'Transferability takes a file per slot, or one zip archive whose files are named by slot',
  ],
  [
    'zero-shot',
    ['another data set'],
    'zip-extra-member',
    '“Omnipose.json” in the archive is named after no slot of Outside data sets: EVICAN, Cellpose 2.',
  ],
  // counts
  [
    'fluorescence-counts',
    ['A549=negative'],
    'negative-count',
    'Slot A549, “negative.json”: Entry 1, image “{first}”: -3 is negative. A count is 0 or more.',
  ],
  [
    'fluorescence-counts',
    ['A549=fractional'],
    'fractional-count',
    'Slot A549, “fractional.csv”: Line 3, image “{second}”: 12.5 is not a whole number.',
  ],
  [
    'fluorescence-counts',
    ['A549=unknown'],
    'unknown-image',
    'image “A549_Phase_Z9_1_00d00h00m_1.tif” is not in this series. Use the series',
  ],
  [
    'fluorescence-counts',
    ['A549=missing'],
    'missing-image',
    'There is no count for image “{third}”. Every image of the series needs one; write 0 where no cell was found.',
  ],
  ['fluorescence-counts', ['A549=other series'], 'wrong-series', 'Is the file in the wrong slot?'],
  // categories
  [
    'livecell-wide',
    ['all=from0'],
    'no-detections-of-category',
    'ask to count detections of every category as cells: a box to tick in the form, anyCategory in the API, --any-category on the command line.',
  ],
])('%s with %j is told %s', async (task, given, code, words) => {
  const { scored, checked } = await told(task, given);
  const [found] = scored.problems.filter((problem) => problem.code === code);
  expect(found?.message ?? scored.problems[0]).toContain(words.replace(/\{(\w+)\}/, (_, name) => image[name]));
  // what scoring says, in its words; checking goes on where scoring has heard enough
  expect(checked.problems).toEqual(expect.arrayContaining(scored.problems));
});

describe('checking', () => {
  test('looks at every slot, also when one is missing', async () => {
    const { scored, checked } = await told('transferability', ['A172=counts', 'BT474=noScore', 'SKOV3=good']);
    expect(new Set(scored.problems.map(({ code }) => code))).toEqual(new Set(['missing-slot']));
    const codes = checked.problems.map(({ code }) => code);
    expect(codes.filter((code) => code === 'missing-slot')).toHaveLength(5);
    expect(codes).toContain('counts-not-predictions');
    // the first hundred of a kind are listed, the others counted
    const unscored = checked.problems.filter(({ code }) => code === 'score-missing');
    expect(unscored).toHaveLength(100);
    const { detections } = demo.predictions[0];
    expect(unscored.at(-1)!.more).toBe(detections - 100);
    expect(checked.files).toEqual([
      { slot: 'A172', format: 'unknown', detections: 0, images: 0, problems: 1 },
      { slot: 'BT474', format: 'unknown', detections: 0, images: 0, problems: detections },
      { slot: 'SKOV3', format: 'coco-json', detections, images: 8, problems: 0 },
    ]);
  });

  test('warns of fewer than six training sizes, as the report does', async () => {
    const { scored, checked } = await told('training-size', ['2=good', '100=good']);
    expect(scored.problems).toEqual([]);
    expect(scored.warnings).toEqual([
      {
        code: 'fewer-slots',
        count: 4,
        message:
          'There are files for 2 of the 6 slots of Training-set size, and none for 4, 5, 25, 50. The curve has no point there, and no number stands in those columns of the board.',
      },
    ]);
    expect(checked.warnings).toEqual(scored.warnings);
    const all = await told(
      'training-size',
      TASKS['training-size'].slots.map(({ id }) => `${id}=good`),
    );
    expect(all.scored.warnings).toEqual([]);
  });

  test('takes one archive named by data set, and any other file for the first', async () => {
    const both = await told('zero-shot', ['data sets']);
    expect(both.scored.problems).toEqual([]);
    expect(both.checked.files.map(({ slot }) => slot)).toEqual(SETS);
    const one = await told('zero-shot', ['good']);
    expect(one.checked.files).toMatchObject([{ slot: 'EVICAN', problems: 0 }]);
  });

  test('does not blame a file for ground truth that cannot be read', async () => {
    const files = [{ slot: 'all', path: file.good }];
    const check = checkFiles({ task: TASKS['livecell-wide'], groundTruth: file.counts, files });
    await expect(check).rejects.toMatchObject({ problems: [{ code: 'not-a-list' }] });
  });
});
