/** What people are told when the disk is full, the store does not work, or the database does not answer. */
import { expect, test } from 'vitest';
import { problem } from '#app/_server/http.ts';
import { AppError } from '#lib/errors.ts';

const failure = (code: string, more: object = {}) =>
  Object.assign(new Error(`${code}: something, open '/srv/livecell/storage/uploads/x'`), {
    code,
    syscall: 'open',
    path: '/srv/livecell/storage/uploads/x',
    ...more,
  });
const wrapped = (cause: Error) => new Error('Failed query: select * from users\nparams: ada@example.org', { cause });

test.each<[string, Error, number]>([
  ['a full disk', failure('ENOSPC'), 507],
  ['a full quota of the disk', failure('EDQUOT'), 507],
  ['a read-only folder', failure('EROFS'), 503],
  ['a disk that fails', failure('EIO'), 503],
  ['an absent database', wrapped(failure('ECONNREFUSED', { syscall: 'connect' })), 503],
  ['a connection that was cut', wrapped(failure('CONNECTION_CLOSED', { syscall: undefined })), 503],
  ['a database that is starting', wrapped(failure('57P03', { syscall: undefined })), 503],
  ['a statement that took too long', wrapped(failure('57014', { syscall: undefined })), 503],
  ['a database with a full disk', wrapped(failure('53100', { syscall: undefined })), 507],
])('%s', async (_what, error, status) => {
  const response = problem(error);
  expect(response.status).toBe(status);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  const text = await response.text();
  expect(text).toMatch(/try again (later|in a minute)/);
  expect(text).not.toMatch(/srv|select|ada@|ENOSPC|E[A-Z]{3,}|at .*\.ts/);
});

test('a mistake of ours is no outage, and a refusal stays what it is', async () => {
  expect(problem(new TypeError('x is not a function')).status).toBe(500);
  expect(problem(wrapped(failure('42P01', { syscall: undefined }))).status).toBe(500);
  expect(problem(new AppError('conflict', 'No.', { cause: failure('ENOSPC') })).status).toBe(409);
});
