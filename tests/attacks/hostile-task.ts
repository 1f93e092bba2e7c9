/** What code could try that took over the scoring child through a hostile file. It does as its job's task says. */
import { execFileSync } from 'node:child_process';
import dns from 'node:dns/promises';
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import type { ScoreJob } from '#workers/scoring/job.ts';

/** Return what every attempt came to: the value, or the error's code. */
export default async function attack(job: ScoreJob): Promise<unknown> {
  const data = job.groundTruth.path;
  const outcomes: Record<string, unknown> = { pid: process.pid, threadId };
  const attempt = async (name: string, act: () => unknown) => {
    try {
      outcomes[name] = (await act()) ?? 'done';
    } catch (error) {
      outcomes[name] = (error as { code?: string }).code ?? String(error);
    }
  };
  switch (job.task) {
    case 'exit':
      process.exit(7);
      break;
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      break;
    case 'heap': {
      const kept: unknown[] = [];
      for (;;) kept.push(new Array(1e6).fill(kept.length));
    }
    case 'arrays': {
      const kept: Uint8Array[] = [];
      for (;;) {
        kept.push(new Uint8Array(16 << 20).fill(1));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
    case 'spin':
      for (;;);
  }
  const port = Number(job.files[0]?.slot ?? 1);
  await attempt('environment', () => JSON.stringify(process.env));
  await attempt('parent', () => readFileSync(`/proc/${process.ppid}/environ`, 'utf8'));
  await attempt('password', () => readFileSync(join(data, 'run.json'), 'utf8'));
  await attempt('secret', () => readFileSync(join(data, 'auth-secret'), 'utf8'));
  await attempt('outside', () => readFileSync('/etc/passwd', 'utf8'));
  await attempt('list', () => readdirSync(data));
  await attempt('stored', () => readFileSync(join(data, 'storage', 'truth'), 'utf8'));
  await attempt('change', () => writeFileSync(join(data, 'storage', 'truth'), 'changed'));
  await attempt('program', () => writeFileSync(new URL('../../lib/planted.ts', import.meta.url), ''));
  await attempt('scratch', () => writeFileSync(join(data, 'scratch', 'notes'), 'kept'));
  await attempt('link', () => {
    symlinkSync(join(data, 'run.json'), join(data, 'scratch', 'link'));
    return readFileSync(join(data, 'scratch', 'link'), 'utf8');
  });
  await attempt('command', () => execFileSync('true'));
  await attempt(
    'binding',
    () => (process as unknown as { binding(name: string): unknown }).binding('tcp_wrap') && 'bound',
  );
  await attempt('database', () => reach(port));
  await attempt('fetch', async () => (await fetch(`http://127.0.0.1:${port}`)).status);
  await attempt('name', async () => (await dns.lookup('localhost')).address);
  return outcomes;
}

function reach(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    connect(port, '127.0.0.1', () => resolve('connected')).on('error', reject);
  });
}
