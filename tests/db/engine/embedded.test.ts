import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEmbedded } from '#db/engine/embedded.ts';
import { ENGINES, embeddedTemplate, type TestDatabase, temporaryFolder, until } from '#tests/db/databases.ts';

describe('the multiplexer', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await ENGINES[0].open();
  });
  afterAll(() => database.close());

  test('gives everybody their own answers: two processes, thousands of queries at once', {
    timeout: 120_000,
  }, async () => {
    const outputs = await Promise.all(
      ['one', 'two'].map((name) => run(['tests/db/engine/stress-client.ts', database.url, name, '2500'])),
    );
    expect(outputs.map((output) => JSON.parse(output))).toEqual([{ wrong: 0 }, { wrong: 0 }]);
  });

  test('rolls back what a client leaves open when it vanishes', async () => {
    const sql = postgres(database.url, { max: 1 });
    await sql`create table left_open (n int)`;
    const vanishing = new pg.Client(database.url);
    vanishing.on('error', () => {});
    await vanishing.connect();
    await vanishing.query('begin');
    await vanishing.query('insert into left_open values (1)');
    const waits = sql`select count(*)::int as n from left_open`;
    (vanishing as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    expect((await waits)[0].n).toBe(0);
    await sql.end();
  });

  test('refuses a wrong password, and anything that comes before one', async () => {
    const url = new URL(database.url);
    url.password = 'guess';
    await expect(new pg.Client(url.href).connect()).rejects.toMatchObject({ code: '28P01' });

    const socket = connectSocket(Number(url.port), '127.0.0.1');
    socket.write(Buffer.from([0x00, 0x7f, 0xff, 0xff, 0, 3, 0, 0])); // a startup message of 8 MB
    socket.resume();
    await once(socket, 'close');
  });

  test('answers no to encryption and takes a cancel request without harm', async () => {
    const socket = connectSocket(Number(new URL(database.url).port), '127.0.0.1');
    socket.write(Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])); // SSLRequest
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toBe('N');
    socket.write(Buffer.from([0, 0, 0, 16, 0x04, 0xd2, 0x16, 0x2e, 0, 0, 0, 1, 0, 0, 0, 1])); // CancelRequest
    await once(socket, 'close');
  });

  test('keeps the settings of one connection from the others, and for itself', async () => {
    const [a, b] = [new pg.Client(database.url), new pg.Client(database.url)];
    await Promise.all([a.connect(), b.connect()]);
    const zone = async (client: pg.Client) => (await client.query('show timezone')).rows[0].TimeZone;
    await a.query(`set timezone to 'Asia/Tokyo'`);
    expect(await zone(b)).not.toBe('Asia/Tokyo');
    expect(await zone(a)).toBe('Asia/Tokyo');
    await b.query('begin');
    await b.query(`set local timezone to 'Europe/Paris'`);
    await b.query('commit');
    expect(await zone(b)).not.toBe('Europe/Paris');
    expect(await zone(a)).toBe('Asia/Tokyo');
    await Promise.all([a.end(), b.end()]);
  });

  test('lets two connections give one name to different statements', async () => {
    const [a, b] = [new pg.Client(database.url), new pg.Client(database.url)];
    await Promise.all([a.connect(), b.connect()]);
    const ask = (client: pg.Client, text: string) => client.query({ name: 'same', text });
    expect((await ask(a, 'select 1 as n')).rows[0].n).toBe(1);
    expect((await ask(b, 'select 2 as n')).rows[0].n).toBe(2);
    expect((await ask(a, 'select 1 as n')).rows[0].n).toBe(1);
    await Promise.all([a.end(), b.end()]);
  });

  test('moves messages of many megabytes', async () => {
    const sql = postgres(database.url, { max: 1 });
    const long = 'é'.repeat(4_000_000);
    expect((await sql`select ${long}::text as v`)[0].v).toBe(long);
    await sql.end();
  });
});

describe('the data folder', () => {
  test('belongs to one process: the second is told which folder and which process', async () => {
    const folder = temporaryFolder();
    const first = await openEmbedded(folder, { template: await embeddedTemplate() });
    await expect(openEmbedded(folder)).rejects.toThrow(`${folder} is already in use by process ${process.pid}.`);
    await expect(run(['tests/db/engine/open-client.ts', folder])).rejects.toThrow('is already in use by process');
    await first.close();
    await (await openEmbedded(folder)).close();
    rmSync(folder, { recursive: true });
  });

  test('keeps every acknowledged row through kill -9, and is free at once', { timeout: 240_000 }, async () => {
    const folder = temporaryFolder();
    await (await openEmbedded(folder, { template: await embeddedTemplate() })).close();
    const child = spawn(process.execPath, ['tests/db/engine/open-client.ts', folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let acknowledged = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      acknowledged = Number(chunk.toString().trim().split('\n').at(-1));
    });
    await until(async () => acknowledged >= 50, { milliseconds: 30_000, what: 'fifty rows' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    const again = await openEmbedded(folder);
    const sql = postgres(again.url, { max: 1 });
    const [{ n }] = await sql`select max(n)::int as n from kept`;
    expect(n).toBeGreaterThanOrEqual(acknowledged);
    await sql.end();
    await again.close();
    rmSync(folder, { recursive: true });
  });
});

async function run(args: string[]): Promise<string> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, errors, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  if (status !== 0) throw new Error(errors);
  return output;
}
