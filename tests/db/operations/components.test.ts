import { sql } from 'drizzle-orm';
import { beforeEach, describe, expect, it } from 'vitest';
import { db } from '#db/engine/client.ts';
import { announce } from '#db/notices/announcements.ts';
import { lastBackup, recordBackup } from '#db/operations/backups.ts';
import { judgeComponents, listComponentStates, recordComponents, type Signals } from '#db/operations/components.ts';
import { metricsText } from '#db/operations/site-metrics.ts';
import { readStatus } from '#db/operations/status.ts';
import { ensureUser } from '#db/people/users.ts';
import { componentStates } from '#db/schema.ts';
import { openSite } from '#tests/app/site.ts';

openSite();

const GB = 1024 ** 3;
const QUIET: Signals = {
  databaseMilliseconds: 2,
  queue: { waiting: 0, active: 0, failed: 0, oldestSeconds: null },
  processes: { alive: 1, silentSeconds: 1 },
  mail: { waiting: 0, givenUp: 0, oldestSeconds: null },
  mailIsSetUp: true,
  disk: { free: 50 * GB, size: 100 * GB },
};

describe('the judgement', () => {
  it.each<[string, Partial<Signals>, Record<string, string>]>([
    ['everything works', {}, { pages: 'works', uploads: 'works', scoring: 'works', mail: 'works' }],
    ['a restart is no disturbance', { processes: { alive: 0, silentSeconds: 40 } }, { scoring: 'works' }],
    ['no scoring process', { processes: { alive: 0, silentSeconds: 91 } }, { scoring: 'down' }],
    ['there never was one', { processes: { alive: 0, silentSeconds: null } }, { scoring: 'down' }],
    ['a long queue', { queue: { ...QUIET.queue, waiting: 9, oldestSeconds: 901 } }, { scoring: 'slow' }],
    ['a full disk', { disk: { free: GB / 2, size: 100 * GB } }, { uploads: 'down', pages: 'works' }],
    ['mail is late', { mail: { waiting: 1, givenUp: 0, oldestSeconds: 1000 } }, { mail: 'slow' }],
    ['mail is stuck', { mail: { waiting: 1, givenUp: 0, oldestSeconds: 8000 } }, { mail: 'down' }],
    ['a slow database', { databaseMilliseconds: 1500 }, { pages: 'slow' }],
  ])('%s', (_, signals, expected) => {
    expect(judgeComponents({ ...QUIET, ...signals }, GB)).toMatchObject(expected);
  });

  it('leaves out mail where there is none', () => {
    expect(judgeComponents({ ...QUIET, mailIsSetUp: false }, GB)).not.toHaveProperty('mail');
  });
});

describe('the record', () => {
  beforeEach(async () => {
    await db().delete(componentStates);
  });

  it('has a row for each change, and none for what stays', async () => {
    await recordComponents({ pages: 'works', scoring: 'works' });
    await recordComponents({ pages: 'works', scoring: 'works' });
    await db().update(componentStates).set({ since: sql`now() - interval '2 hours'` });
    await recordComponents({ pages: 'works', scoring: 'down' }, { scoringSilentSeconds: 600 });
    const { current, incidents } = await listComponentStates();
    expect(current.map(({ component, state }) => `${component} ${state}`).sort()).toEqual([
      'pages works',
      'scoring down',
    ]);
    expect(incidents).toHaveLength(1);
    // nobody looked for ten minutes: it began when the last process fell silent
    expect(Date.now() - incidents[0].since.getTime()).toBeGreaterThan(590_000);
    await recordComponents({ pages: 'works', scoring: 'works' });
    expect((await listComponentStates()).incidents[0].until).not.toBeNull();
  });

  it('does not mention a disturbance of seconds', async () => {
    await recordComponents({ uploads: 'down' });
    await recordComponents({ uploads: 'works' });
    expect((await listComponentStates()).incidents).toEqual([]);
  });

  it('is written once by processes that look at the same time', async () => {
    await Promise.all(Array.from({ length: 4 }, () => recordComponents({ pages: 'works' })));
    expect(await db().select().from(componentStates)).toHaveLength(1);
  });
});

it('the status page has states, queue, disturbances and announcements', async () => {
  const { id } = await ensureUser({ email: 'mina@example.org', name: 'Mina', role: 'maintainer' });
  const now = Date.now();
  const dates = { startsAt: new Date(now - 1000), endsAt: new Date(now + 60_000) };
  await announce({ task: null, text: 'Maintenance on Sunday', ...dates }, id);
  await announce({ task: 'zero-shot', text: 'Of one task', ...dates }, id);
  const status = await readStatus();
  expect(status.components.map(({ component }) => component)).toEqual(['pages', 'uploads', 'scoring']);
  expect(status.components.find(({ component }) => component === 'scoring')?.state).toBe('down');
  expect(status.announcements.map(({ text }) => text)).toEqual(['Maintenance on Sunday']);
  expect(status.queue).toEqual({ waiting: 0, active: 0, oldestSeconds: null });
});

it('the numbers of the site are among the metrics', async () => {
  expect(await lastBackup()).toBeNull();
  await recordBackup({ bytes: 1000, files: 3 });
  const { text } = await metricsText('web');
  expect(text).toMatch(/^livecell_database_up 1$/m);
  expect(text).toMatch(/^livecell_queue_waiting 0$/m);
  expect(text).toMatch(/^livecell_scoring_processes 0$/m);
  expect(text).toMatch(/^livecell_submissions\{state="scored"\} 0$/m);
  expect(text).toMatch(/^livecell_component_up\{component="scoring"\} 0$/m);
  expect(text).toMatch(/^livecell_disk_free_bytes [1-9]/m);
  expect(text).toMatch(
    /^livecell_build_info\{version="[\d.]+",evaluator="[\d.]+",commit="\w+",node="[\d.]+",process="web"\} 1$/m,
  );
  const backup = Number(/^livecell_last_backup_timestamp_seconds (\d+)$/m.exec(text)?.[1]);
  expect(Math.abs(Date.now() / 1000 - backup)).toBeLessThan(60);
});
