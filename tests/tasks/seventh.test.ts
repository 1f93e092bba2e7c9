/** A seventh task, which is a file of tests alone: form, scoring, board, entry page, API and command line have it. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { beforeAll, describe, expect, test } from 'vitest';
import './seventh-task.ts';
import { GET as getBoard } from '#app/api/v1/leaderboards/[task]/route.ts';
import { GET as getSubmission } from '#app/api/v1/submissions/[id]/route.ts';
import { GET as getTasks } from '#app/api/v1/tasks/route.ts';
import { EntryView } from '#app/entries/[id]/entry.tsx';
import { BoardTable } from '#app/leaderboards/[task]/table.tsx';
import { exportHref, parseView } from '#app/leaderboards/[task]/view.ts';
import { listTaskChoices } from '#app/submit/task-choices.ts';
import TaskPage from '#app/tasks/[id]/page.tsx';
import { getLeaderboard } from '#db/board/board.ts';
import { getReports } from '#db/board/reports.ts';
import { scoreHistory } from '#db/board/score-history.ts';
import { registerDataset } from '#db/datasets/datasets.ts';
import { parsePublishedResults } from '#db/datasets/reference-results.ts';
import { entryOf } from '#db/submissions/entries.ts';
import { saveReports, startScoring } from '#db/submissions/scoring.ts';
import { createDemoSubmission, getSubmission as getStored } from '#db/submissions/submissions.ts';
import { bestFirst } from '#lib/board/ranking.ts';
import { importGroundTruth } from '#lib/datasets/import-ground-truth.ts';
import { submissionSchema } from '#lib/http/api.ts';
import { storage } from '#lib/storage.ts';
import { openSite, person, viewerNamed } from '#tests/app/site.ts';
import { temporaryFolder } from '#tests/db/databases.ts';
import { start } from '#tests/e2e/running-site.ts';
import { type DemoData, writeDemoData } from '#workers/demo/data.ts';
import { buildJob, keptReports } from '#workers/scoring/jobs/score.ts';
import scoreTask from '#workers/scoring/task.ts';
import { type ResultsByRun, repeatability } from './seventh-task.ts';

openSite();

const { id: TASK } = repeatability;
const dir = temporaryFolder();
const VIEW = { protocol: 'livecell-paper', evaluation: 'segm' } as const;
/** entries by their method, of models by their number in the demo */
const entries = new Map<string, string>();
let demo: DemoData;

beforeAll(async () => {
  demo = await writeDemoData(join(dir, 'demo'), { imagesPerType: 1 });
  const packed = join(dir, 'packed');
  const { statistics: _, warnings: __, ...facts } = await importGroundTruth(demo.groundTruth, packed);
  const { key: packKey } = await storage().put('datasets/seventh', createReadStream(packed));
  const dataset = await registerDataset({ name: 'all', task: 'livecell-wide', packKey, public: true, ...facts });
  for (const [method, models] of [
    ['steady', [0, 0]],
    ['drifting', [1, 2]],
  ] as const) {
    const files = await Promise.all(
      models.map(async (model, run) => {
        const slot = ['first', 'second'][run];
        const { key, ...file } = await storage().put(
          `${method}-${slot}`,
          createReadStream(demo.predictions[model].path),
        );
        return { slot, fileName: `${slot}.json`, storageKey: key, ...file };
      }),
    );
    const { id } = await createDemoSubmission({ task: TASK, datasetId: dataset.id, method, files });
    entries.set(method, id);
    const input = (await startScoring(id, 1))!;
    const outcome = await scoreTask({ ...(await buildJob(input)), threads: 1, intervals: false, errors: false });
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
    await saveReports(id, keptReports(input, outcome.reports));
  }
}, 120_000);

/** The results that are stored of an entry. */
async function resultsOf(method: string): Promise<ResultsByRun> {
  const { report } = await stored(method);
  return report.results as unknown as ResultsByRun;
}

async function stored(method: string) {
  const reports = await getReports(entries.get(method)!);
  return { reports, report: reports['livecell-paper']! };
}

const AP = ({ runs }: ResultsByRun, run: 'first' | 'second') => runs[run].segm!.AP!;

describe('it has', () => {
  test('a form, with its slots, rules and data sets', async () => {
    const choices = await listTaskChoices(await viewerNamed(await person('ada')));
    expect(choices.find(({ id }) => id === TASK)).toMatchObject({
      name: 'Repeatability',
      slots: [
        { id: 'first', label: 'The first run' },
        { id: 'second', label: 'The second run' },
      ],
      least: 2,
      outside: false,
      takesThreshold: false,
      memberEnding: 'json.gz',
      datasets: [{ name: 'all' }],
      rules: { open: true },
    });
  });

  test('a page of its own, with formats and commands', async () => {
    const page = renderToStaticMarkup(await TaskPage({ params: Promise.resolve({ id: TASK }) }));
    expect(page).toContain('The same model is trained twice');
    expect(page).toContain('--task repeatability');
  });

  test('scoring: reports under every protocol, with its own warnings, and valid by its own schema', async () => {
    const { reports, report } = await stored('steady');
    expect(Object.keys(reports).sort()).toEqual(['coco', 'livecell-code', 'livecell-paper']);
    expect(report).toMatchObject({
      task: TASK,
      predictions: [{ slot: 'first' }, { slot: 'second' }],
      warnings: expect.arrayContaining([
        { code: 'all-scores-equal', message: expect.stringContaining('one file twice'), count: 1 },
      ]),
    });
    const { runs } = await resultsOf('drifting');
    expect(Object.keys(runs)).toEqual(['first', 'second']);
    expect(runs.first.segm!.AP).toBeGreaterThan(runs.second.segm!.AP!);
  });

  test('a board: ranks by its headline and by any other column, as a table', async () => {
    const { rows } = await getLeaderboard({ task: TASK, ...VIEW });
    const [steady, drifting] = [await resultsOf('steady'), await resultsOf('drifting')];
    expect(rows.map(({ rank, method, values }) => [rank, method, values])).toEqual([
      [1, 'steady', { 'AP-first': AP(steady, 'first'), 'AP-second': AP(steady, 'second'), drift: 0 }],
      [
        2,
        'drifting',
        {
          'AP-first': AP(drifting, 'first'),
          'AP-second': AP(drifting, 'second'),
          drift: AP(drifting, 'second') - AP(drifting, 'first'),
        },
      ],
    ]);
    const sort = repeatability.columns[2];
    const byDrift = await getLeaderboard({ task: TASK, ...VIEW, sort, direction: bestFirst(sort) });
    expect(byDrift.rows.map(({ method }) => method)).toEqual(['drifting', 'steady']);
    const view = parseView(repeatability, { sort: 'drift' });
    expect(view).toMatchObject({ sort, direction: 'asc' });
    const table = renderToStaticMarkup(
      createElement(BoardTable, {
        view,
        all: [],
        entries: [],
        drawn: [],
        mine: new Set<string>(),
        knownAs: new Map<string, string>(),
      }),
    );
    for (const text of ['first run', 'Drift', 'AP of the second run less that of the first; lower is better'])
      expect(table).toContain(text);
  });

  test('an API: its slots, board, exports and submissions', async () => {
    const tasks = await (await getTasks(new Request('http://localhost/x'), { params: Promise.resolve({}) })).json();
    expect(tasks.tasks.find(({ id }: { id: string }) => id === TASK)).toMatchObject({
      slots: ['first', 'second'],
      required: ['first', 'second'],
      least: 2,
      dataset: 'all',
      open: true,
    });
    const href = exportHref(parseView(repeatability, { sort: 'drift' }), 'csv');
    const ask = (search: string) =>
      getBoard(new Request(`http://localhost${search}`), { params: Promise.resolve({ task: TASK }) });
    const csv = await (await ask(href)).text();
    const [head, first] = csv.trim().split('\r\n');
    expect(head).toContain(',AP-first,AP-second,drift,');
    expect(first).toContain('drifting');
    expect(await (await ask('/x?format=bibtex')).text()).toContain('steady');
    expect((await (await ask('/x?sort=AP-second')).json()).sort).toBe('AP-second');
    const params = Promise.resolve({ id: entries.get('steady')! });
    const body = await (await getSubmission(new Request('http://localhost/x'), { params })).json();
    // also by the schema that describes the API
    expect(submissionSchema.parse(body)).toMatchObject({ task: TASK, report: { results: await resultsOf('steady') } });
  });

  test('an entry page, with its numbers and charts', async () => {
    const submission = (await getStored(entries.get('drifting')!))!;
    const { reports } = await stored('drifting');
    const page = renderToStaticMarkup(
      createElement(EntryView, {
        entry: entryOf(submission, 'public'),
        dataset: 'all',
        reports,
        history: await scoreHistory(submission),
        place: null,
        cite: null,
        asked: undefined,
        inside: false,
        links: { page: '/x', receipt: '/x', images: null, json: null, badge: null },
      }),
    );
    expect(page).toContain('Repeatability');
    expect(page).toContain('AP, first run');
    expect(page).toContain(`${(100 * AP(await resultsOf('drifting'), 'first')).toFixed(2)} %`);
    expect(page).toContain('drifting, second run');
  });

  test('published results beside its board, read by its own file', () => {
    const csv =
      'method,task,subset,split,metric,value,unit,protocol,comparable_with_official,source\n' +
      'Other,7 repeatability,first,test,mask AP,41.5,%,as ours,yes,https://example.org\n';
    expect(parsePublishedResults(csv)).toMatchObject([{ task: TASK, subset: 'first', metric: 'AP', value: 0.415 }]);
  });

  test('the command line: score, validate and a table of the report', async () => {
    const run = (...args: string[]) =>
      start('cli/main.ts', args, {
        LIVECELL_DATA: join(dir, 'data'),
        LIVECELL_TOKEN: undefined,
        NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, 'seventh-task.ts'))}`,
      }).ended;
    const given = ['--task', TASK, '--ground-truth', demo.groundTruth];
    const files = [1, 2].flatMap((model, i) => [
      '--predictions',
      `${['first', 'second'][i]}=${demo.predictions[model].path}`,
    ]);
    const [json, table, checked, short] = await Promise.all([
      run('score', ...given, ...files, '--no-intervals', '--no-errors', '--json'),
      run('score', ...given, ...files),
      run('validate', ...given, ...files),
      run('score', ...given, ...files.slice(0, 2)),
    ]);
    expect(json).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(json.stdout)).toMatchObject({ task: TASK, results: await resultsOf('drifting') });
    expect(table.stdout).toMatch(/^AP, first run +\d+\.\d\d +\d+\.\d\d$/m);
    expect(table.stdout).toContain('Runs compared: first, second');
    expect(checked).toMatchObject({ status: 0, stdout: expect.stringMatching(/first: .* on 8 images/) });
    expect(short).toMatchObject({ status: 2, stderr: expect.stringContaining('There is no file for slot second.') });
  });
});
