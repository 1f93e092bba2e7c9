/** Alert rules, dashboard and docs/operations.md use the names that the registry has. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { metrics } from '#lib/metrics.ts';

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = join(ROOT, 'deploy/observability');
const read = (...path: string[]) => readFileSync(join(ROOT, ...path), 'utf8');

interface Known {
  name: string;
  type: string;
  labels: readonly string[];
}

const known = new Map<string, Known>(
  metrics()
    .registry.getMetricsAsArray()
    .map((metric) => {
      const { name, type, labelNames } = metric as unknown as { name: string; type?: string; labelNames?: string[] };
      return [name, { name, type: String(type), labels: labelNames ?? [] }];
    }),
);
const own = [...known.keys()].filter((name) => name.startsWith('livecell_'));
/** Added by Prometheus itself. */
const OUTSIDE = new Set(['up']);
const ADDED_LABELS = new Set(['job', 'instance', 'le']);

/** Every metric that an expression names, with the labels that select it. */
function namesIn(expression: string): { name: string; labels: string[] }[] {
  return [...expression.matchAll(/\b(livecell_\w+|process_\w+|nodejs_\w+|up)\b(?:\{([^}]*)\})?/g)].map(
    ([, name, selector = '']) => ({ name, labels: [...selector.matchAll(/(\w+)\s*[=!]/g)].map(([, label]) => label) }),
  );
}

function mustExist(expression: string): void {
  const names = namesIn(expression);
  expect(names.length, expression).toBeGreaterThan(0);
  for (const { name, labels } of names) {
    if (OUTSIDE.has(name)) continue;
    const metric = known.get(name) ?? known.get(name.replace(/_(bucket|sum|count)$/, ''));
    expect(metric, `${name} in ${expression}`).toBeDefined();
    for (const label of labels)
      expect(metric!.labels.includes(label) || ADDED_LABELS.has(label), `${label} of ${name}`).toBe(true);
  }
}

const alerts = [...read('deploy/observability/alerts.yml').matchAll(/- alert: (\w+)\n\s+expr: >-\n\s+(.+)\n/g)].map(
  ([, name, expression]) => ({ name, expression }),
);
const dashboard = JSON.parse(read('deploy/observability/dashboards/livecell.json')) as {
  panels: { title: string; type: string; targets?: { expr: string }[] }[];
};

it('alerts name metrics and labels that exist', () => {
  expect(alerts.length).toBeGreaterThan(10);
  for (const { expression } of alerts) mustExist(expression);
});

it('the dashboard names metrics and labels that exist, and shows every one of ours', () => {
  const shown = new Set<string>();
  for (const { type, title, targets = [] } of dashboard.panels) {
    if (type === 'row') continue;
    expect(targets.length, title).toBeGreaterThan(0);
    for (const { expr } of targets) {
      mustExist(expr);
      for (const { name } of namesIn(expr)) shown.add(name.replace(/_(bucket|sum|count)$/, ''));
    }
  }
  expect(own.filter((name) => !shown.has(name))).toEqual([]);
});

it('docs/operations.md lists every metric, and says what to do for every alert', () => {
  const page = read('docs/operations.md');
  const rows = [...page.matchAll(/^\| `(livecell_\w+)`/gm)].map(([, name]) => name);
  expect(rows.sort()).toEqual([...own].sort());
  const sections = [...page.matchAll(/^### (Livecell\w+)$/gm)].map(([, name]) => name);
  expect(sections.sort()).toEqual(alerts.map(({ name }) => name).sort());
});

const promtool = process.env.PROMTOOL ?? 'promtool';
const hasPromtool = spawnSync(promtool, ['--version']).status === 0;

it.runIf(hasPromtool)('promtool accepts the rules, and they fire when they should', () => {
  execFileSync(promtool, ['check', 'rules', join(FOLDER, 'alerts.yml')]);
  execFileSync(promtool, ['check', 'config', join(FOLDER, 'prometheus.yml')]);
  const { status, stdout, stderr } = spawnSync(promtool, ['test', 'rules', 'alerts.test.yml'], {
    cwd: FOLDER,
    encoding: 'utf8',
  });
  expect(status, stdout + stderr).toBe(0);
});
