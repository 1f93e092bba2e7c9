/** The processes of deploy/, started with the very arguments and variables that its files say. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, ROOT } from './running-site.ts';
import { expect, test } from './site-test.ts';

interface Start {
  argv: string[];
  environment: Record<string, string>;
}

const read = (path: string) => readFileSync(join(ROOT, 'deploy', path), 'utf8');

/** What a unit of systemd starts. @param instance what stands for `%i` */
function fromUnit(file: string, instance = ''): Start {
  const lines = read(`systemd/${file}`).replaceAll('%i', instance).split('\n');
  const values = (key: string) =>
    lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
  const pairs = values('Environment').flatMap((line) => line.split(' '));
  return {
    argv: values('ExecStart')[0].split(' '),
    environment: Object.fromEntries(pairs.map((pair) => pair.split('='))),
  };
}

/** What a service of compose.yaml starts in the image of the Dockerfile. */
function fromCompose(service: string): Start {
  const dockerfile = read('Dockerfile');
  const entry = JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)![1]) as string[];
  const image = /^ENV NODE_ENV[\s\S]*?(?=^WORKDIR)/m.exec(dockerfile)![0].slice(4).replaceAll('\\\n', ' ');
  const block = new RegExp(`^  ${service}:\\n((?:    .*\\n|\\n)+)`, 'm').exec(read('compose.yaml'))![1];
  const command = JSON.parse(/^ {4}command: (\[.*\])$/m.exec(block)![1]) as string[];
  const own = [...block.matchAll(/^ {6}([A-Z_]+): "?([^"\n]+)"?$/gm)].map(([, name, value]) => [name, value]);
  return {
    argv: [...entry, ...command],
    environment: Object.fromEntries([
      ...image
        .trim()
        .split(/\s+/)
        .map((pair) => pair.split('=')),
      ...own,
    ]),
  };
}

/** Start it here: the kit's paths, ports and database replaced by the test's. */
async function start({ argv, environment }: Start, run: { databaseUrl: string }) {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const [program, ...args] = argv.map((word) => word.replace(/^\/(opt\/livecell|app)\//, `${ROOT}/`));
  expect(program).toMatch(/^(\/usr\/bin\/)?node$/);
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: {
      NODE_ENV: 'production',
      PATH: process.env.PATH,
      ...environment,
      LIVECELL_DATA: process.env.E2E_DATA,
      DATABASE_URL: run.databaseUrl,
      AUTH_URL: 'https://livecell.example.org',
      AUTH_SECRET: 'a secret of thirty-two characters or more',
      METRICS_TOKEN: 'metrics-token',
      TRUSTED_PROXIES: '127.0.0.1',
      HOST: '127.0.0.1',
      METRICS_HOST: '127.0.0.1',
      ...(environment.PORT && { PORT: String(port) }),
      METRICS_PORT: String(metricsPort),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  return { child, site: `http://127.0.0.1:${port}`, metrics: `http://127.0.0.1:${metricsPort}`, said: () => said };
}

async function end(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  return await exit;
}

const KITS = [
  { kit: 'systemd', web: fromUnit('livecell-web.service'), worker: fromUnit('livecell-worker@.service', '1') },
  { kit: 'compose', web: fromCompose('web'), worker: fromCompose('worker') },
];

for (const { kit, web, worker } of KITS)
  test(`${kit}: a web and a scoring process start, answer, and stop in order`, async ({ request }) => {
    const run = JSON.parse(readFileSync(join(process.env.E2E_DATA!, 'run.json'), 'utf8')) as { databaseUrl: string };
    const started = await Promise.all([start(web, run), start(worker, run)]);
    const [page, scoring] = started;
    try {
      const answers = async (url: string) => (await request.get(url).catch(() => null))?.status() ?? page.said();
      await expect.poll(() => answers(`${page.site}/api/health`)).toBe(200);
      await expect.poll(() => answers(`${page.site}/api/ready`)).toBe(200);
      await expect.poll(() => answers(`${scoring.metrics}/health`)).toBe(200);
      expect(await answers(`${page.site}/leaderboards/livecell-wide`)).toBe(200);
      expect(await answers(`${page.site}/api/metrics`)).toBe(401);
      const token = { headers: { authorization: 'Bearer metrics-token' } };
      // a request is counted when it is over, which its reader may know first
      const numbers = async () => (await request.get(`${page.site}/api/metrics`, token)).text();
      await expect.poll(numbers).toMatch(/^livecell_http_requests_total\{.*route="\/leaderboards\/\[task\]".*\} 1$/m);
      expect(await (await request.get(`${scoring.metrics}/metrics`)).text()).toMatch(/^livecell_database_up 1$/m);
    } finally {
      const ended = await Promise.all(started.map(({ child }) => end(child)));
      expect(ended).toEqual([0, 0]);
    }
    // Next prints one line of its own, about its configuration
    const lines = started.flatMap(({ said }) => said().trim().split('\n'));
    for (const line of lines.filter((line) => !line.startsWith('✓ Running next.config.mjs')))
      expect(() => JSON.parse(line), line).not.toThrow();
  });

test('the status page says that everything works', async ({ page }) => {
  await page.goto('/status');
  await expect(page.getByRole('heading', { level: 1, name: 'Status' })).toBeVisible();
  await expect(page.getByRole('row', { name: /Scoring/ })).toContainText('works');
});
