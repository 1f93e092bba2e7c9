/**
 * A real S3 server for tests: versitygw (https://github.com/versity/versitygw, Apache-2.0) over a temporary folder. It is
 * found on the PATH, at VERSITYGW, or in `.cache`, where `npm run test:faults -- --install` builds it with Go. Where it
 * is missing, its tests are skipped and say so.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { S3 } from '@aws-sdk/client-s3';
import type { S3Settings } from '#lib/storage/s3.ts';
import { freePort } from '#tests/db/postgres-server.ts';

const MODULE = 'github.com/versity/versitygw/cmd/versitygw@v1.8.0';
const ROOT = join(import.meta.dirname, '../..');
const BUCKET = 'livecell';

export const S3_MISSING = findS3Server()
  ? null
  : 'no S3 server here: npm run test:faults -- --install builds versitygw with Go, or name one in VERSITYGW';

export interface S3Server {
  port: number;
  credentials: { accessKeyId: string; secretAccessKey: string };
  /** for `S3Storage`, with a cache of its own; `port`: of a proxy in front */
  settings(options?: { port?: number }): S3Settings & { endpoint: string };
  /** the same as environment variables of a process */
  environment(options?: { port?: number }): Record<string, string>;
  stop(): Promise<void>;
}

function findS3Server(): string | null {
  const folders = [join(ROOT, '.cache'), ...(process.env.PATH ?? '').split(delimiter)];
  const found = [process.env.VERSITYGW, ...folders.map((folder) => join(folder, 'versitygw'))];
  return found.find((path) => path && existsSync(path)) ?? null;
}

/** Build versitygw with Go into `.cache`. Takes a few minutes. */
export function installS3Server(): void {
  if (findS3Server()) return;
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  execFileSync('go', ['install', MODULE], { env: { ...process.env, GOBIN: join(ROOT, '.cache') }, stdio: 'inherit' });
}

/** Start a server with one empty bucket. */
export async function startS3Server(): Promise<S3Server> {
  const program = findS3Server();
  if (!program) throw new Error(S3_MISSING!);
  const folder = mkdtempSync(join(tmpdir(), 'livecell-s3-'));
  const [files, attributes] = [join(folder, 'files'), join(folder, 'attributes')];
  for (const path of [files, attributes]) mkdirSync(path);
  const port = await freePort();
  const credentials = { accessKeyId: 'livecell-test', secretAccessKey: crypto.randomUUID() };
  const child = spawn(
    resolve(program),
    // a folder for attributes, since not every file system has extended ones
    ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', '--sidecar', attributes, files],
    {
      env: { ...process.env, ROOT_ACCESS_KEY: credentials.accessKeyId, ROOT_SECRET_KEY: credentials.secretAccessKey },
      stdio: 'ignore',
    },
  );
  const client = new S3({
    endpoint: `http://127.0.0.1:${port}`,
    forcePathStyle: true,
    region: 'us-east-1',
    credentials,
  });
  for (let attempt = 1; ; attempt++) {
    try {
      await client.createBucket({ Bucket: BUCKET });
      break;
    } catch (error) {
      if (attempt === 60 || child.exitCode !== null) throw error;
      await sleep(250);
    }
  }
  client.destroy();
  const caches: string[] = [];
  const cacheFolder = () => {
    caches.push(mkdtempSync(join(tmpdir(), 'livecell-s3-cache-')));
    return caches.at(-1)!;
  };
  return {
    port,
    credentials,
    settings: (options = {}) => ({
      bucket: BUCKET,
      endpoint: `http://127.0.0.1:${options.port ?? port}`,
      region: 'us-east-1',
      credentials,
      cache: cacheFolder(),
      cacheBytes: 1024 ** 3,
    }),
    environment: (options = {}) => ({
      S3_BUCKET: BUCKET,
      S3_ENDPOINT: `http://127.0.0.1:${options.port ?? port}`,
      S3_REGION: 'us-east-1',
      S3_ACCESS_KEY_ID: credentials.accessKeyId,
      S3_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    }),
    async stop() {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      for (const path of [folder, ...caches]) rmSync(path, { recursive: true, force: true });
    },
  };
}
