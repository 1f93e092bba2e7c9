/** One file says the same at every door: the upload's first look, the API's scoring, `validate`, `score` and the import. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { importGroundTruth } from '#lib/datasets/import-ground-truth.ts';
import { FileRejected, type Problem, type Warning } from '#lib/problems.ts';
import { type Purpose, sniff } from '#lib/readers/kinds.ts';
import { TASKS } from '#lib/tasks/index.ts';
import { checkFiles } from '#workers/scoring/check-files.ts';
import { packReferenceCounts } from '#workers/scoring/counts.ts';
import scoreTask, { dismissHelpers } from '#workers/scoring/task.ts';
import { reportFile } from './score.ts';

const packed = join(tmpdir(), `livecell-doors-${process.pid}`);
afterAll(async () => {
  await dismissHelpers();
  rmSync(packed, { force: true });
});

interface Said {
  problems: readonly Problem[];
  warnings: readonly Warning[];
}

/** Findings as they can be compared: severity, code, record, how many, the words and the image. */
const findings = ({ problems, warnings }: Said) =>
  [
    ...problems.map(
      ({ code, record, more, message, image }) =>
        `problem ${code} ${record ?? ''} ${more ?? ''} ${message} ${image ?? ''}`,
    ),
    ...warnings.map(
      ({ code, count, message, examples = [] }) => `warning ${code} ${count ?? ''} ${message} ${examples}`,
    ),
  ].sort();

/** The upload form's and the upload address's look at the first bytes. */
async function look(path: string, purpose: Purpose): Promise<Said> {
  const { problem } = await sniff(readFileSync(path).subarray(0, 64 * 1024), purpose);
  return { problems: problem ? [problem] : [], warnings: [] };
}

const rejection = (error: unknown): Said => {
  if (error instanceof FileRejected) return error;
  throw error;
};

/** Scoring as the site's process does it: with one thread, or in parts by several. */
async function scored(
  job: { groundTruth: string; files: Parameters<typeof scoreTask>[0]['files']; task: string },
  threads: number,
) {
  const { groundTruth, files, task } = job;
  const outcome = await scoreTask({
    task,
    groundTruth: { path: groundTruth },
    files,
    protocols: ['livecell-paper'],
    intervals: false,
    errors: false,
    threads,
    together: threads > 1,
  });
  if (!outcome.ok) return { ...outcome, warnings: [...(outcome.groundTruthWarnings ?? []), ...outcome.warnings] };
  return { problems: [], warnings: [...(outcome.groundTruthWarnings ?? []), ...outcome.reports[0].warnings] };
}

/** The good partner of a file, unless it comes with one of its own. */
const OWN_TRUTH: Record<string, string> = {
  '02-two-folders.json': '02-two-folders.gt.json',
  '03-two-folders-labels.zip': '02-two-folders.gt.json',
  '04-big-image-ids.json': '04-big-image-ids.gt.json',
  '07-polygons.json': '07-swapped-size.gt.json',
  '10-no-category.json': '10-categories-2-3.gt.json',
  '12-umlaut-mac.zip': '12-umlaut.gt.json',
};
const files = readdirSync(reportFile('.')).filter((name) => /^\d\d-.*\.(json|zip|npz|csv)$/.test(name));
const isCounts = (name: string) => /counts|^15|^16|A549/.test(name);
const truths = files.filter((name) => name.endsWith('gt.json'));
const neighbours = readdirSync(reportFile('neighbours')).map((name) => `neighbours/${name}`);
const predictions = [
  ...files.filter((name) => !truths.includes(name) && !isCounts(name)),
  ...neighbours,
  // of other tasks and kinds
  '15-tabs.csv',
  '17-nested-counts.json',
  '20-utf16.gt.json',
  '00-gt.json',
].map((name) => [name, OWN_TRUTH[name] ?? (/umlaut/.test(name) ? '12-umlaut.gt.json' : '00-gt.json')]);

describe('predictions', () => {
  test.each(predictions)('%s on %s', async (name, truth) => {
    const given = [{ slot: 'all', path: reportFile(name) }];
    const job = { task: 'livecell-wide', groundTruth: reportFile(truth), files: given };
    const expected = await checkFiles({ ...job, task: TASKS['livecell-wide'] }).catch(rejection);
    for (const threads of [1, 2]) expect(findings(await scored(job, threads))).toEqual(findings(expected));
    // the head alone: no other finding, and what it refuses is refused in its words
    const seen = findings(await look(reportFile(name), 'predictions'));
    if (seen.length > 0) expect(findings({ ...expected, warnings: [] })).toEqual(seen);
  });
});

describe('ground truth', () => {
  test.each([...truths, '00-dt.json', '22-lines.json', '18-arrays.npz', '15-tabs.csv', '03-two-folders-labels.zip'])(
    '%s',
    async (name) => {
      const path = reportFile(name);
      const given = [{ slot: 'all', path: reportFile('00-dt.json') }];
      const job = { task: 'livecell-wide', groundTruth: path, files: given };
      const checked = findings(await checkFiles({ ...job, task: TASKS['livecell-wide'] }).catch(rejection));
      for (const threads of [1, 2]) expect(findings(await scored(job, threads))).toEqual(checked);
      const imported = await importGroundTruth(path, packed)
        .then(({ warnings }): Said => ({ problems: [], warnings }))
        .catch(rejection);
      // nothing but crowds is remarked upon where numbers are computed, and refused where a board would stand on it
      const severity = (said: string) =>
        / all-crowd /.test(said) ? said.replace(/^\w+ all-crowd *\d* */, 'all-crowd ') : said;
      const plain = (said: string) => severity(said).replace('Ground truth: ', '').trim();
      const ofTruth = checked.filter((said) =>
        /Ground truth: |The (gzipped )?ground truth|The list of images/.test(said),
      );
      expect(findings(imported).map(plain).sort()).toEqual(ofTruth.map(plain).sort());
      const seen = findings(await look(path, 'ground-truth'));
      if (seen.length > 0) expect(findings(imported)).toEqual(seen);
    },
  );
});

describe('counts', () => {
  test.each([
    '15-tabs.csv',
    '16-pandas-index.csv',
    '17-nested-counts.json',
    '00-A172-counts.json',
    '00-A549.csv',
    '00-dt.json',
    '20-utf16.gt.json',
    '18-arrays.npz',
  ])('%s', async (name) => {
    const given = [
      { slot: 'A172', path: reportFile(name), groundTruth: reportFile('00-A172-counts.json') },
      { slot: 'A549', path: reportFile('00-A549.csv'), groundTruth: reportFile('00-A549-counts.json') },
    ];
    const job = { task: 'fluorescence-counts', groundTruth: '', files: given };
    const expected = await checkFiles({ ...job, task: TASKS['fluorescence-counts'] }).catch(rejection);
    expect(findings(await scored(job, 1))).toEqual(findings(expected));
    const { problems } = await look(reportFile(name), 'counts');
    if (problems.length === 0) return;
    expect(expected.problems).toMatchObject([{ code: problems[0].code }]);
    expect(expected.problems[0].message).toContain(problems[0].message);
    // and as a reference, for which the maintainers' form looks the same way
    const reference = await packReferenceCounts([{ slot: 'A172', path: reportFile(name) }]).catch(rejection);
    expect(reference).toMatchObject({ problems: [{ code: problems[0].code }] });
  });
});
