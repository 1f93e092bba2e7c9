/**
 * The deployment kit, as far as this machine has the tools for it: the chart is linted and rendered by helm, units are
 * verified by systemd. `.github/workflows/deploy.yml` does both, and builds and starts the containers.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const DEPLOY = join(ROOT, 'deploy');
const CHART = join(DEPLOY, 'helm/livecell');
/** As in CI: a helm that was built by `go install` takes a Kubernetes of years ago for the current one. */
const VERSION = ['--kube-version', '1.31.0'];
const read = (...path: string[]) => readFileSync(join(DEPLOY, ...path), 'utf8');
const isHere = (program: string, ...args: string[]) => spawnSync(program, args, { stdio: 'ignore' }).status === 0;

/** Variables that `lib/env.ts` knows, and those that Node, Next and the sign-in libraries read themselves. */
const KNOWN = new Set([
  ...[...readFileSync(join(ROOT, 'lib/env.ts'), 'utf8').matchAll(/^ {4}([A-Z][A-Z0-9_]+):/gm)].map(([, name]) => name),
  'NODE_ENV',
  'NEXT_TELEMETRY_DISABLED',
]);

describe('every variable that the kit sets is one that the site reads', () => {
  test.each<[string, RegExp]>([
    ['compose.yaml', /^ {2}([A-Z][A-Z0-9_]+):/gm],
    ['helm/livecell/templates/_helpers.tpl', /^- name: ([A-Z][A-Z0-9_]+)$/gm],
    ['helm/livecell/templates/web.yaml', /- name: ([A-Z][A-Z0-9_]+)$/gm],
    ['systemd/livecell-web.service', /^Environment=.*|([A-Z][A-Z0-9_]+)=\S+/gm],
    ['systemd/livecell.env.example', /^#?\s?([A-Z][A-Z0-9_]+)=/gm],
  ])('%s', (file, pattern) => {
    const text = file.endsWith('.service')
      ? [...read(file).matchAll(/^Environment=(.*)$/gm)].map(([, pairs]) => pairs).join(' ')
      : read(file);
    const names = [...text.matchAll(pattern)].map(([, name]) => name).filter(Boolean);
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !KNOWN.has(name))).toEqual([]);
  });
});

test('images are pinned, and the site’s own runs as nobody important, without npm', () => {
  const dockerfile = read('Dockerfile');
  for (const [, image] of dockerfile.matchAll(/^FROM (\S+)/gm))
    if (image !== 'build') expect(image).toMatch(/:\d+\.\d+/);
  for (const [, image] of read('compose.yaml').matchAll(/^ {4}image: (\S+)$/gm)) expect(image).toMatch(/:v?\d+/);
  const run = dockerfile.split(/^FROM /m).at(-1)!;
  expect(run).toMatch(/^USER node$/m);
  expect(run).toMatch(/^ENTRYPOINT \["node", /m);
});

describe('the chart', () => {
  if (!isHere('helm', 'version')) return test.skip('skipped: no helm here', () => {});

  const render = (values: string) =>
    execFileSync('helm', ['template', 'livecell', CHART, ...VERSION, '--values', join(CHART, values)], {
      encoding: 'utf8',
    });
  const kindsOf = (rendered: string) => [...rendered.matchAll(/^kind: (\w+)$/gm)].map(([, kind]) => kind).sort();

  test('passes the linter', () => {
    for (const values of readdirSync(CHART).filter((name) => name.startsWith('ci-')))
      execFileSync('helm', ['lint', '--strict', CHART, ...VERSION, '--values', join(CHART, values)]);
  });

  test('has everything that it names, with a shared folder', () => {
    const rendered = render('ci-values.yaml');
    expect(kindsOf(rendered)).toEqual(
      expect.arrayContaining([
        'Deployment',
        'HorizontalPodAutoscaler',
        'Ingress',
        'Job',
        'NetworkPolicy',
        'PersistentVolumeClaim',
        'PodDisruptionBudget',
        'ScaledObject',
        'Service',
        'ServiceMonitor',
      ]),
    );
    expect(rendered).not.toContain('S3_BUCKET');
    expect(rendered).toContain('claimName: livecell-data');
  });

  test('shares no folder where files are in a bucket', () => {
    const rendered = render('ci-s3-values.yaml');
    expect(rendered.match(/name: S3_BUCKET\n\s+value: "livecell"/g)).toHaveLength(3); // web, worker, migration
    expect(rendered).toContain('value: "https://s3.example.org"');
    expect(kindsOf(rendered)).not.toContain('PersistentVolumeClaim');
    expect(rendered).not.toContain('claimName');
    expect(kindsOf(rendered)).not.toContain('HorizontalPodAutoscaler');
  });

  test('says what is missing', () => {
    const { status, stderr } = spawnSync('helm', ['template', 'livecell', CHART, ...VERSION], { encoding: 'utf8' });
    expect(status).not.toBe(0);
    expect(stderr).toContain('give the public name of the site');
  });
});

describe('the units', () => {
  if (!isHere('systemd-analyze', '--version')) return test.skip('skipped: no systemd here', () => {});

  test('are valid, and closed', () => {
    const folder = mkdtempSync(join(tmpdir(), 'livecell-units-'));
    try {
      cpSync(join(DEPLOY, 'systemd'), folder, { recursive: true });
      const units = readdirSync(folder).filter((name) => /\.(service|timer)$/.test(name));
      // the program is where it is here
      for (const name of units) {
        const path = join(folder, name);
        writeFileSync(path, readFileSync(path, 'utf8').replaceAll('/usr/bin/node', process.execPath));
      }
      const names = units.map((name) => join(folder, name.replace('@.', '@1.')));
      for (const name of units.filter((name) => name.includes('@.')))
        cpSync(join(folder, name), join(folder, name.replace('@.', '@1.')));
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...names], { encoding: 'utf8' });
      // it may also complain of units of the machine
      expect(stderr.split('\n').filter((line) => line.includes('livecell'))).toEqual([]);
      expect(status).toBe(0);
      const security = spawnSync(
        'systemd-analyze',
        ['security', '--offline=true', '--threshold=20', join(folder, 'livecell-web.service')],
        { encoding: 'utf8' },
      );
      expect(security.status, security.stdout.slice(-300)).toBe(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
