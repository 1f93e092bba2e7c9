import { afterEach, describe, expect, it } from 'vitest';
import { AppError } from '#lib/errors.ts';
import { describeError, log, openLog, readableLine, requestIdOf, withLogContext } from '#lib/log.ts';

let written = '';
const stream = {
  write(text: string) {
    written += text;
  },
};

function open(options: { level?: string; readable?: boolean } = {}): void {
  written = '';
  openLog({ process: 'web', stream, level: 'info', readable: false, ...options });
}

const lines = () =>
  written
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

afterEach(() => openLog({ process: 'command', level: 'silent' }));

describe('a line', () => {
  it('is JSON with time, level, process, event and fields', () => {
    open();
    log.info('scored', { submission: 'a1', milliseconds: 12 });
    expect(lines()).toEqual([
      {
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        level: 'info',
        process: 'web',
        event: 'scored',
        submission: 'a1',
        milliseconds: 12,
      },
    ]);
  });

  it('is left out below the level', () => {
    open({ level: 'warn' });
    log.info('scored');
    log.warn('mail-refused');
    expect(lines().map(({ event }) => event)).toEqual(['mail-refused']);
  });

  it('carries the request and the submission it belongs to', async () => {
    open();
    await withLogContext({ request: 'r1' }, async () => {
      await Promise.resolve();
      withLogContext({ submission: 's1' }, () => log.info('queued'));
      log.info('answered');
    });
    log.info('idle');
    const [queued, answered, idle] = lines();
    expect(queued).toMatchObject({ request: 'r1', submission: 's1' });
    expect(answered).toMatchObject({ request: 'r1' });
    expect(answered).not.toHaveProperty('submission');
    expect(idle).not.toHaveProperty('request');
  });

  it('is short on a terminal, with the causes of an error below it', () => {
    open({ readable: true });
    log.error('queue-error', new AppError('unavailable', 'No queue.', { cause: new Error('connect ECONNREFUSED') }), {
      submission: 's1',
    });
    expect(written).toMatch(/^\d\d:\d\d:\d\d {2}error: queue error submission=s1\n/);
    expect(written).toContain('\n          No queue.\n');
    expect(written).toContain('\n          connect ECONNREFUSED\n');
    expect(readableLine({ time: new Date().toISOString(), level: 'info', event: 'a-b', n: null })).toMatch(
      / {2}a b\n$/,
    );
  });
});

describe('nothing personal', () => {
  const SECRETS = [
    ['ada@example.org', { note: 'to Ada <ada@example.org> and ada@example.org.' }],
    ['grüße@exämple.de', { note: 'grüße@exämple.de' }],
    ['lcb_abcDEF-123', { note: 'used lcb_abcDEF-123 twice' }],
    ['s3cr3t', { note: 'Authorization: Bearer s3cr3t' }],
    ['hunter2', { note: 'postgres://livecell:hunter2@db.internal:5432/livecell' }],
    ['hunter3', { note: 'smtp://noreply:hunter3@mail' }],
    ['K3Y', { note: 'GET /sign-in?key=K3Y&x=1' }],
    ['S3AL', { note: '/review/S3AL' }],
    ['J0IN', { note: '/teams/join/J0IN' }],
    ['C00KIE', { note: 'authjs.session-token=C00KIE; theme=dark' }],
    ['C00KIE2', { note: '__Secure-authjs.session-token=C00KIE2' }],
    ['203.0.113.7', { note: 'from 203.0.113.7' }],
    ['2001:db8:85a3::8a2e:370:7334', { note: 'from 2001:db8:85a3::8a2e:370:7334' }],
    ['Ada', { name: 'Ada' }],
    ['Ada', { user: { displayName: 'Ada' } }],
    ['x1', { cookie: 'x1' }],
    ['x2', { headers: { authorization: 'x2' } }],
    ['x3', { list: [{ set_cookie: 'x3', Email: 'x3' }] }],
    ['x4', { 'access-token': 'x4' }],
  ] as const;

  it.each(SECRETS)('%s is removed', (secret, fields) => {
    open();
    log.info('event', fields);
    log.error('event', new Error(JSON.stringify(fields), { cause: fields }));
    const [first] = written.split('\n');
    expect(first).not.toContain(secret);
    // keys inside a text are not known as keys; values inside texts are
    if ('note' in fields) expect(written).not.toContain(secret);
  });

  it('keeps what operators need', () => {
    open();
    log.info('event', { at: '127.0.0.1:5432', inside: '10.1.2.3', clock: '12:30:45', id: '0190b5c4-aaaa' });
    expect(lines()[0]).toMatchObject({
      at: '127.0.0.1:5432',
      inside: '10.1.2.3',
      clock: '12:30:45',
      id: '0190b5c4-aaaa',
    });
  });
});

describe('an error', () => {
  it('is never [object Object]', () => {
    open();
    for (const error of [{ message: 'lost', code: 'X1' }, { any: 1 }, 'text', undefined, null, 7, Object.create(null)])
      log.error('queue-error', error, { more: { deep: { error } } });
    expect(written).not.toContain('[object');
    expect(lines()[0].error).toMatchObject({ message: 'lost', code: 'X1' });
  });

  it('is written with its causes', () => {
    const deep = new Error('disk', { cause: Object.assign(new Error('no space'), { code: 'ENOSPC' }) });
    expect(describeError(new AppError('unavailable', 'Not now.', { cause: deep }))).toMatchObject({
      type: 'AppError',
      message: 'Not now.',
      code: 'unavailable',
      cause: { message: 'disk', cause: { message: 'no space', code: 'ENOSPC' } },
    });
    expect(describeError(new AggregateError([new Error('a'), new Error('b')], 'both'))).toMatchObject({
      errors: [{ message: 'a' }, { message: 'b' }],
    });
    const circle = new Error('round');
    circle.cause = circle;
    expect(JSON.stringify(describeError(circle)).length).toBeLessThan(10_000);
  });

  it('does not quote parameters of queries, refused values or files', () => {
    const query = new Error('Failed query: insert into "users" values ($1)\nparams: Ada,Grace');
    expect(describeError(query).message).toBe('Failed query: insert into "users" values ($1)');
    const value = Object.assign(new Error('invalid input syntax for type uuid: "Ada\'s file"'), { code: '22P02' });
    expect(describeError(value).message).toBe('invalid input syntax for type uuid');
    let parsing: unknown;
    try {
      JSON.parse('[{"image_id": Zebrafish}]');
    } catch (error) {
      parsing = error;
    }
    expect(JSON.stringify(describeError(parsing))).not.toContain('Zebra');
    expect(JSON.stringify(describeError(parsing))).not.toContain('image_id');
  });
});

it('repeats the id of a request only if it is harmless', () => {
  expect(requestIdOf('abc-123_4.5')).toBe('abc-123_4.5');
  for (const bad of [undefined, '', 'a b', 'x'.repeat(65), 'a\nb', '<script>', ['a', 'b']])
    expect(requestIdOf(bad)).toMatch(/^[0-9a-f-]{36}$/);
});
