/** Load on a server, and what it costs: requests, waiting times, processor time. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import autocannon from 'autocannon';

export const ROOT = join(import.meta.dirname, '..', '..');

/** Processor seconds that a process has taken. */
function processorSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    const [minutes, seconds] = execFileSync('ps', ['-o', 'cputime=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .split(':')
      .slice(-2);
    return 60 * Number(minutes) + Number(seconds);
  }
}

export function megabytes(pid: number): number {
  const kilobytes = execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return Number(kilobytes) / 1024;
}

export interface Figures {
  perSecond: number;
  perCore: number;
  p50: number;
  p99: number;
  bytes: number;
}

/** @param how seconds and connections */
export async function load(
  url: string,
  pid: number,
  how: { seconds: number; connections: number; headers?: Record<string, string> },
): Promise<Figures> {
  const { headers } = how;
  const once = await fetch(url, { headers: { 'accept-encoding': 'br', ...headers } });
  const bytes = (await once.arrayBuffer()).byteLength;
  if (once.status !== 200) throw new Error(`${url} answers ${once.status}`);
  const before = processorSeconds(pid);
  const result = await autocannon({
    url,
    connections: how.connections,
    duration: how.seconds,
    headers: { 'accept-encoding': 'br', ...headers },
  });
  const processor = processorSeconds(pid) - before;
  // a refusal by a limit on requests is quick, and no page
  if (result.non2xx > 0) throw new Error(`${url} answered ${result.non2xx} times with something else than a page.`);
  const { total } = result.requests;
  return {
    perSecond: result.requests.average,
    perCore: total / Math.max(0.01, processor),
    p50: result.latency.p50,
    p99: result.latency.p99,
    bytes,
  };
}

export async function ready(url: string): Promise<void> {
  for (let i = 0; i < 600; i++) {
    const response = await fetch(url).catch(() => null);
    await response?.body?.cancel();
    if (response) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Nothing answers at ${url}.`);
}

export function run(args: string[], env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

export async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

/** A server that knows one answer: what a Node process can send at the most. */
export const BARE = `
const { createServer } = require('node:http');
const { brotliCompressSync } = require('node:zlib');
fetch(process.argv[1], { headers: { 'accept-encoding': 'identity' } }).then(async (r) => {
  const body = brotliCompressSync(Buffer.from(await r.arrayBuffer()));
  createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'br', 'content-length': body.length });
    response.end(body);
  }).listen(Number(process.argv[2]), '127.0.0.1');
});`;
