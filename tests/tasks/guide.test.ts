/** What a task's page says of files and commands is true: the examples are read, the commands run. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parsePublishedResults } from '#db/datasets/reference-results.ts';
import { stem } from '#lib/livecell/cell-types.ts';
import { readReferenceCounts } from '#lib/readers/counts/table.ts';
import { validateFile } from '#lib/readers/validate-file.ts';
import { columnName, columnNumber } from '#lib/tasks/columns.ts';
import { commandLine, commandsOf, formatsOf } from '#lib/tasks/guide.ts';
import { listOpenTasks, parseTask, TASKS } from '#lib/tasks/index.ts';
import { reportSchema } from '#lib/tasks/report-schema.ts';
import { parseSlot } from '#lib/tasks/slots.ts';
import { livecell } from '#tests/e2e/running-site.ts';
import { type DemoData, writeDemoData } from '#workers/demo/data.ts';

const dir = mkdtempSync(join(tmpdir(), 'livecell-guide-'));
let demo: DemoData;
beforeAll(async () => {
  demo = await writeDemoData(join(dir, 'demo'), { imagesPerType: 1, seed: 3 });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('the examples', () => {
  test('of COCO results are read as they stand', async () => {
    const { example } = formatsOf(TASKS['livecell-wide']).find(({ name }) => name === 'COCO results')!;
    const predictions = join(dir, 'example.json');
    const groundTruth = join(dir, 'truth.json');
    writeFileSync(predictions, example);
    const file_name = 'A172_Phase_C7_1_00d00h00m_1.tif';
    writeFileSync(
      groundTruth,
      JSON.stringify({
        images: [{ id: 1, file_name, width: 704, height: 520 }],
        annotations: [
          {
            id: 1,
            image_id: 1,
            category_id: 1,
            area: 400,
            bbox: [40, 10, 20, 20],
            segmentation: [[40, 10, 60, 10, 60, 30, 40, 30]],
            iscrowd: 0,
          },
        ],
        categories: [{ id: 1, name: 'cell' }],
      }),
    );
    const { problems, detections, images } = await validateFile({ groundTruth, predictions });
    expect({ problems, detections, images }).toEqual({ problems: [], detections: 2, images: 1 });
  });

  test('of counts are read as they stand, and say the same', async () => {
    const read: string[] = [];
    for (const { name, example } of formatsOf(TASKS['fluorescence-counts'])) {
      if (!name.startsWith('Counts as')) continue;
      const { files, counts } = await readReferenceCounts([Buffer.from(example)]);
      read.push(files.map((file, i) => `${file} ${counts[i]}`).join());
    }
    expect(read).toHaveLength(2);
    expect(read[0]).toBe(read[1]);
    expect(read[0]).toContain('143');
  });

  test('of archives name slots, and label images their images', () => {
    for (const task of listOpenTasks()) {
      for (const { name, example } of formatsOf(task).filter(({ archive }) => archive)) {
        const members = example.trim().split('\n').map(stem);
        if (name === 'Label images') for (const member of members) expect(member).toMatch(/^\w+_Phase_\w+_cp_masks$/);
        else if (task.slots.length > 0)
          for (const member of members) expect(parseSlot(task, member.replace(/\.\w+$/, ''))).not.toBeNull();
      }
    }
  });
});

describe.each(listOpenTasks().map((task) => [task.id, task] as const))('the commands of %s', (id, task) => {
  /** The files they name, put there. */
  function files(folder: string, words: readonly string[]): void {
    mkdirSync(folder, { recursive: true });
    const place = (name: string) => join(folder, name);
    const counting = (name: string) => demo.counts[name.startsWith('A549') ? 'A549' : 'A172'];
    const named = words.map((word) => word.split('=').at(-1)!).filter((word) => /\.(json|csv|zip)$/.test(word));
    for (const [i, name] of named.entries()) {
      if (/test|ground-truth/.test(name)) copyFileSync(demo.groundTruth, place(name));
      else if (/nuclei/.test(name)) copyFileSync(counting(name).reference, place(name));
      else if (name === 'all.zip') {
        const { example } = formatsOf(task).find(({ name }) => name === 'All files in one archive')!;
        const members = example.trim().split('\n');
        const content = (member: string) =>
          bytesOf(task.kind.takesThreshold ? counting(member).predictions : demo.predictions[1].path);
        writeFileSync(place(name), zipSync(Object.fromEntries(members.map((member) => [member, content(member)]))));
      } else
        copyFileSync(
          task.kind.takesThreshold && name !== 'mine.json' ? counting(name).predictions : demo.predictions[i % 3].path,
          place(name),
        );
    }
  }

  const offline = commandsOf(task).filter(({ words }) => words[1] !== 'submit');
  test.each(offline.map((command) => [command.what, command] as const))('%s', async (what, { words }) => {
    const counted = what.startsWith('Predictions instead of counts');
    const folder = join(dir, id, what.replace(/\W+/g, '-'));
    files(folder, words);
    if (counted) {
      // predictions of the images that were counted
      const image = Object.keys(JSON.parse(bytesOf(demo.counts.A172.predictions).toString()))[0];
      const detection = { image_id: image, score: 0.7, bbox: [0, 0, 2, 2] };
      writeFileSync(join(folder, 'mine.json'), JSON.stringify([detection]));
    }
    const inPlace = words
      .slice(1)
      .map((word) => (/\.(json|csv|zip)$/.test(word) ? word.replace(/[^=]+$/, (name) => join(folder, name)) : word));
    const { status, stdout, stderr } = await livecell([...inPlace, '--json'], { LIVECELL_DATA: join(dir, 'data') });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const document = JSON.parse(stdout);
    if (words[1] === 'validate') return expect(document).toMatchObject({ ok: true });
    const report = reportSchema.parse(document);
    expect(report.task).toBe(id);
    // and what is said of the report is there
    for (const { path } of task.guide.report) expect(reach(document.results, path), path).toBeDefined();
  });

  test('those that submit have options that exist', async () => {
    const { submit } = await import('#workers/cli/commands/submit.ts');
    for (const { words } of commandsOf(task).filter(({ words }) => words[1] === 'submit'))
      for (const word of words.filter((word) => word.startsWith('--')))
        expect(Object.keys(submit.options)).toContain(word.slice(2));
  });

  test('are shown as they are typed: nothing longer than a line, nothing lost', () => {
    for (const command of commandsOf(task)) {
      const shown = commandLine(command);
      expect(Math.max(...shown.split('\n').map((line) => line.length))).toBeLessThan(84);
      expect(shown.replaceAll(' \\\n ', '').replaceAll('"', '')).toBe(command.words.join(' '));
    }
  });
});

/** The first of the paths, `datasets.<name>` by its first name; optional parts that this data has not are let pass. */
function reach(results: Record<string, unknown>, path: string): unknown {
  const [first] = path.split(/[, ]/);
  if (/interval|sensitivity/.test(first)) return null;
  let at: unknown = results;
  for (const part of first.split('.')) {
    const record = at as Record<string, unknown> | undefined;
    at = part.startsWith('<') ? Object.values(record ?? {})[0] : record?.[part];
  }
  return at;
}

test('every task says how it is scored, what its report holds and where published numbers come from', () => {
  for (const { guide, docs } of listOpenTasks()) {
    for (const texts of [docs, guide.scoring, guide.limits, guide.report]) expect(texts.length).toBeGreaterThan(0);
    expect(guide.published.length).toBeGreaterThan(40);
    for (const { source, text } of guide.scoring) expect(source.length * text.length).toBeGreaterThan(0);
  }
});

test('no two numbers of a task have one name, and each says what it is without the table’s head', () => {
  for (const task of listOpenTasks()) {
    const names = task.columns.map(columnName);
    expect(new Set(names).size).toBe(names.length);
  }
  const [transfer] = TASKS.transferability.columns.filter(({ key }) => key === 'meanTransferredAP-BV2');
  expect(columnName(transfer)).toBe('Mean AP elsewhere, trained on BV-2');
  const view = { protocol: 'livecell-paper', evaluation: 'segm' } as const;
  expect(columnNumber(transfer, { segm: { meanTransferredAP: { BV2: 0.1 } } }, view)).toBe(0.1);
});

test('every published number that stands on a board has a column there', async () => {
  const rows = parsePublishedResults(readFileSync('db/datasets/published-results.csv', 'utf8'));
  for (const { task, metric, subset, comparable } of rows.filter((row) => row.comparable !== 'NO')) {
    const { columns } = parseTask(task)!;
    const keys = comparable === 'other dataset' ? [metric] : [metric, `${metric}-${subset}`];
    expect(
      columns.some(({ key, published }) => keys.includes(published?.metric ?? key)),
      `${task} ${metric} ${subset}`,
    ).toBe(true);
  }
});

function bytesOf(path: string): Buffer {
  return readFileSync(path);
}
