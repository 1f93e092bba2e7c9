import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ReportOf } from '#lib/tasks/report.ts';
import { reportSchema } from '#lib/tasks/report-schema.ts';
import { ONE_ENGINE, type TestDatabase } from '#tests/db/databases.ts';
import { livecell, ROOT } from '#tests/e2e/running-site.ts';
import { GOLDEN, type GoldenProtocol, readGolden } from '#tests/parity/golden-files.ts';
import { describeCommand, describeProgram } from '#workers/cli/help.ts';
import { COMMANDS } from '#workers/cli/operator-commands.ts';
import { type DemoData, writeDemoData } from '#workers/demo/data.ts';

type Report = ReportOf<'livecell-wide'>;

const dir = mkdtempSync(join(tmpdir(), 'livecell-cli-'));
let demo: DemoData;
beforeAll(async () => {
  demo = await writeDemoData(join(dir, 'demo'), { imagesPerType: 1 });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const run = (...args: string[]) => livecell(args, { LIVECELL_DATA: join(dir, 'data'), LIVECELL_TOKEN: undefined });
const lines = (text: string) => text.trim().split('\n');

describe('a call', () => {
  test.each([
    [['nonsense'], 'There is no command “nonsense”'],
    [['user'], 'livecell user needs one of: list, role'],
    [['score', '--bogus'], "Unknown option '--bogus'"],
    [['score', '--predictions', 'x.json'], '--ground-truth is missing'],
    [
      ['validate', '--ground-truth', 'package.json', 'package.json', '--score-threshold', '0.5'],
      '--score-threshold is for tasks of counts; livecell-wide is scored with all detections.',
    ],
    [['score', '--task', 'cell-art'], 'There is no task “cell-art”'],
    [['submit', 'x.json'], '--method is missing'],
    [['export'], 'One folder is needed.'],
    [['backup'], 'FILE or FOLDER for the backup is missing.'],
    [['user', 'list'], 'There is no site in the folder'],
    [['rescore', '--task', 'zero-shot', '--submission', 'x'], '--task or --submission, not both'],
    [['import-ground-truth', '--replace', '--name', 'x', 'x.json'], '--note is missing'],
    [['user', 'role', 'a@example.org', 'king'], 'maintainer or researcher, not “king”'],
    [['demo-data', 'x', '--images', '0'], 'from 1 to 248'],
  ])('that is wrong ends with status 2 and says why: %j', async (args, words) => {
    const { status, stdout, stderr } = await run(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(words);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('with --json gets one document that says the same', async () => {
    const { status, stdout, stderr } = await run('score', '--bogus', '--json');
    expect(status).toBe(2);
    const said = { title: 'The call is wrong', status: 400, detail: "Unknown option '--bogus'.", exitStatus: 2 };
    expect(JSON.parse(stdout)).toEqual(said);
    expect(stderr).toContain(said.detail);
  });

  test('every command describes itself, with an example that begins with its name', () => {
    for (const command of COMMANDS) {
      const help = describeCommand(command);
      for (const name of Object.keys(command.options)) expect(help).toContain(`--${name}`);
      expect(command.example).toMatch(new RegExp(`^([A-Z_]+=\\S+ )*livecell ${command.name}\\b`));
      expect(help).toContain(command.example);
    }
    expect(describeProgram(COMMANDS)).toContain('livecell <command> --help');
  });

  test('data says where LIVECell is to be had, without a site', async () => {
    const { status, stdout } = await run('data', '--json');
    expect(status).toBe(0);
    const { files, licence } = JSON.parse(stdout);
    expect(licence).toContain('CC BY-NC 4.0');
    expect(files.map(({ url }: { url: string }) => url.split('/').at(-1))).toEqual([
      ...['images.zip', 'livecell_coco_train.json', 'livecell_coco_val.json', 'livecell_coco_test.json'],
    ]);
  });

  test('asks for help with --help, whatever else is missing', async () => {
    expect((await run('--help')).stdout).toContain('import-ground-truth FILE');
    const { status, stdout } = await run('score', '--help');
    expect(status).toBe(0);
    for (const option of ['--ground-truth', '--predictions', '--protocol', '--no-intervals', '--json'])
      expect(stdout).toContain(option);
  });

  test('works through the bin, also when an older Node starts it, where there is one', () => {
    const nodes = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'node'));
    const others = nodes.filter((node) => existsSync(node) && !realpathSync(node).startsWith(ROOT));
    for (const node of [process.execPath, ...others]) {
      const { status, stdout } = spawnSync(node, [join(ROOT, 'workers/livecell.mjs'), '--version'], {
        encoding: 'utf8',
      });
      expect(status, node).toBe(0);
      expect(stdout).toMatch(/^livecell-benchmark \d+\.\d+\.\d+\n$/);
    }
  });
});

describe('score', () => {
  test('prints one document, the report, with --json', async () => {
    const { status, stdout, stderr } = await run(
      'score',
      '--json',
      '--ground-truth',
      demo.groundTruth,
      '--predictions',
      demo.predictions[0].path,
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const report = reportSchema.parse(JSON.parse(stdout));
    expect(report).toMatchObject({ task: 'livecell-wide', protocol: 'livecell-paper' });
    expect(report.predictions).toMatchObject([{ slot: 'all', detections: demo.predictions[0].detections }]);
  });

  test('prints a table otherwise', async () => {
    const { status, stdout } = await run(
      'score',
      '--protocol',
      'coco',
      '--no-intervals',
      '--ground-truth',
      demo.groundTruth,
      '--predictions',
      demo.predictions[0].path,
    );
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Masks +AP +AP50 .* AR@100$/m);
    expect(stdout).toMatch(/^SK-OV-3 /m);
  });

  test('orders the demo models as they are named', async () => {
    const aps = [];
    for (const { path } of demo.predictions) {
      const { stdout } = await run('score', '--json', '--ground-truth', demo.groundTruth, '--predictions', path);
      aps.push((JSON.parse(stdout) as Report).results.segm!.overall.AP!);
    }
    expect(aps[0]).toBeGreaterThan(aps[1] + 0.1);
    expect(aps[1]).toBeGreaterThan(aps[2] + 0.1);
  });

  test('refuses a wrong file with status 1: the reasons on standard error, a document on standard output', async () => {
    const cut = join(dir, 'cut.json');
    writeFileSync(cut, readFileSync(demo.predictions[0].path).subarray(0, 5000));
    const { status, stdout, stderr } = await run(
      'score',
      '--json',
      '--ground-truth',
      demo.groundTruth,
      '--predictions',
      cut,
    );
    expect(status).toBe(1);
    expect(lines(stderr)).toHaveLength(1);
    expect(stderr).toContain('5,000');
    expect(JSON.parse(stdout).problems).toHaveLength(1);
  });

  test('says which file is missing', async () => {
    const { status, stderr } = await run('score', '--ground-truth', demo.groundTruth, '--predictions', 'nowhere.json');
    expect({ status, stderr }).toEqual({ status: 1, stderr: 'There is no file nowhere.json.\n' });
  });

  test('gives the reference’s numbers for demo images', async () => {
    const golden = readGolden<Record<string, GoldenProtocol>>('demo/golden.json.gz');
    for (const [protocol, preset] of [
      ['livecell-paper', 'paper'],
      ['livecell-code', 'reference'],
    ]) {
      const { status, stdout } = await run(
        'score',
        '--json',
        '--protocol',
        protocol,
        '--ground-truth',
        join(GOLDEN, 'demo/gt.json.gz'),
        '--predictions',
        join(GOLDEN, 'demo/dt.json.gz'),
      );
      expect(status).toBe(0);
      const { results } = JSON.parse(stdout) as Report;
      for (const evaluation of ['segm', 'bbox'] as const)
        for (const key of ['AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AFNR'] as const)
          expect(results[evaluation]!.overall[key], `${protocol} ${evaluation} ${key}`).toBeCloseTo(
            golden[preset][evaluation].overall[key]!,
            9,
          );
    }
  });
});

describe('validate', () => {
  test('lists every problem with its record, as lines and as a document', async () => {
    const detections = JSON.parse(readFileSync(demo.predictions[0].path, 'utf8'));
    detections[2].score = null;
    detections[6].image_id = 7;
    const wrong = join(dir, 'wrong.json');
    writeFileSync(wrong, JSON.stringify(detections));
    const { status, stdout, stderr } = await run(
      'validate',
      '--json',
      '--ground-truth',
      demo.groundTruth,
      '--predictions',
      wrong,
    );
    expect(status).toBe(1);
    const { ok, problems } = JSON.parse(stdout);
    expect(ok).toBe(false);
    expect(problems.map(({ record }: { record: number }) => record).sort()).toEqual([3, 7]);
    expect(lines(stderr)).toHaveLength(2);
  });

  test('needs no annotations: a list of images is enough', async () => {
    const { images } = JSON.parse(readFileSync(demo.groundTruth, 'utf8'));
    const list = join(dir, 'images.json');
    writeFileSync(list, JSON.stringify({ images }));
    const { status, stdout } = await run('validate', '--images', list, '--predictions', demo.predictions[0].path);
    expect(status).toBe(0);
    expect(stdout).toContain('No problems');
  });
});

describe('verify', () => {
  test('agrees with a report it can reproduce, and names the number it cannot', async () => {
    const files = ['--ground-truth', demo.groundTruth, '--predictions', demo.predictions[1].path];
    const report = JSON.parse((await run('score', '--json', ...files)).stdout) as Report;
    const receipt = join(dir, 'receipt.json');
    writeFileSync(receipt, JSON.stringify(report));
    expect(await run('verify', receipt, ...files)).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringContaining('Every number agrees'),
    });

    report.results.bbox.overall.AP50! += 0.001;
    writeFileSync(receipt, JSON.stringify({ schema: 1, report }));
    const { status, stderr } = await run('verify', receipt, ...files);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^livecell-paper bbox overall AP50: published/);
    expect(lines(stderr)).toHaveLength(1);
  });
});

describe('commands on the site’s database, while no site runs', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await ONE_ENGINE[0].open();
  });
  afterAll(() => database.close());

  test('open the embedded database, make one where there is none, and leave in it what they did', async () => {
    const embedded = (...args: string[]) =>
      livecell(args, { LIVECELL_DATA: join(dir, 'embedded'), LIVECELL_TOKEN: undefined });
    const registered = await embedded('import-ground-truth', demo.groundTruth, '--name', 'Demo', '--json');
    expect(registered).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse((await embedded('ground-truth', 'list', '--json')).stdout)).toMatchObject([
      { name: 'Demo', public: false },
    ]);
  });

  test('register ground truth, people and tokens', async () => {
    // the embedded database would be opened by each of the calls below, which takes longer than all that they do
    const run = (...args: string[]) =>
      livecell(args, { LIVECELL_DATA: join(dir, 'data'), LIVECELL_TOKEN: undefined, DATABASE_URL: database.url });
    const registered = await run('import-ground-truth', demo.groundTruth, '--name', 'Demo', '--json');
    expect(registered).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(registered.stdout)).toMatchObject({
      name: 'Demo',
      task: 'livecell-wide',
      images: 8,
      objects: demo.objects,
    });

    // the same file again changes nothing, and says so
    const again = await run('import-ground-truth', demo.groundTruth, '--name', 'Demo', '--public');
    expect(again).toMatchObject({ status: 0, stderr: '' });
    expect(again.stdout).toMatch(/^“Demo” has had this content since .* nothing has changed\. It is still not public/);
    const reason = ['--reason', 'Its authors published it'];
    const opened = await run('ground-truth', 'public', 'Demo', ...reason, '--json');
    expect(JSON.parse(opened.stdout)).toEqual({ name: 'Demo', public: true, changed: true });
    expect((await run('ground-truth', 'public', 'Demo', ...reason)).stdout).toContain('is public already');
    expect(JSON.parse((await run('ground-truth', 'list', '--json')).stdout)).toMatchObject([
      { name: 'Demo', public: true },
    ]);
    expect((await run('ground-truth', 'private', 'Demo', ...reason)).stdout).toBe('“Demo” is not public now.\n');
    expect(await run('ground-truth', 'private', 'Dmeo', ...reason)).toMatchObject({
      status: 1,
      stderr: 'There is no ground truth “Dmeo”; there is “Demo”.\n',
    });
    expect(await run('ground-truth', 'private', 'Demo')).toMatchObject({ status: 2 });

    expect(await run('import-ground-truth', demo.predictions[0].path, '--name', 'Other')).toMatchObject({ status: 1 });

    expect(await run('user', 'role', 'Ada@Example.org', 'maintainer')).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse((await run('user', 'list', '--json')).stdout)).toMatchObject([
      { email: 'ada@example.org', role: 'maintainer' },
    ]);

    // somebody must be able to decide
    const last = await run('user', 'role', 'ada@example.org', 'researcher');
    expect(last).toMatchObject({ status: 1, stderr: expect.stringContaining('the last maintainer') });

    const narrow = ['token', 'create', '--user', 'ada@example.org', '--scope', 'read', '--expires', '30', '--json'];
    const { token, scopes, expiresAt } = JSON.parse((await run(...narrow)).stdout);
    expect(token).toMatch(/^lcb_[\w-]{40}$/);
    expect(scopes).toEqual(['read']);
    expect(Math.round((Date.parse(expiresAt) - Date.now()) / 86_400_000)).toBe(30);
    expect(await run('token', 'create', '--user', 'not an address')).toMatchObject({ status: 1 });
    const wrong = await run('token', 'create', '--user', 'ada@example.org', '--expires', '31');
    expect(wrong).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--expires is one of 30, 90, 365, never'),
    });
    expect((await run('token', 'create', '--user', 'ada@example.org', '--scope', 'write')).stderr).toContain(
      '--scope is one of read, submit, moderate, not “write”',
    );
  });
});
