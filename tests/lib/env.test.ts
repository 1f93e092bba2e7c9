import { expect, test } from 'vitest';
import { auditSentence } from '#lib/audit.ts';
import { readEnv } from '#lib/env.ts';
import { AppError, toProblem } from '#lib/errors.ts';
import type { Problem } from '#lib/problems.ts';

test('an empty environment is a local installation', () => {
  expect(readEnv({})).toMatchObject({ LIVECELL_DATA: './data', PORT: 3000 });
  expect(readEnv({ DATABASE_URL: '' }).DATABASE_URL).toBeUndefined();
});

test('every wrong variable is named at once', () => {
  const wrong = { DATABASE_URL: 'mysql://x', PORT: '99999', LIVECELL_THREADS: 'many', AUTH_GITHUB_ID: 'id' };
  const names = ['DATABASE_URL', 'PORT', 'LIVECELL_THREADS'];
  for (const name of names) expect(() => readEnv(wrong)).toThrow(name);
  expect(() => readEnv({ AUTH_GITHUB_ID: 'id' })).toThrow('AUTH_GITHUB_SECRET is missing');
});

test('the quota has a default that can be set, and switched off with 0', () => {
  expect(readEnv({})).toMatchObject({ LIVECELL_QUOTA: 5, LIVECELL_QUOTA_DAYS: 7 });
  expect(readEnv({ LIVECELL_QUOTA: '0', LIVECELL_QUOTA_DAYS: '30' })).toMatchObject({
    LIVECELL_QUOTA: 0,
    LIVECELL_QUOTA_DAYS: 30,
  });
  for (const wrong of ['-1', 'many', '2.5']) expect(() => readEnv({ LIVECELL_QUOTA: wrong })).toThrow('LIVECELL_QUOTA');
  expect(() => readEnv({ LIVECELL_QUOTA_DAYS: '0' })).toThrow('LIVECELL_QUOTA_DAYS');
});

test('only our own errors speak for themselves', () => {
  expect(toProblem(new Error('password=hunter2')).detail).not.toContain('hunter2');
  const problems: Problem[] = [{ code: 'not-json', message: 'y' }];
  expect(toProblem(new AppError('wrong-file', 'It is wrong.', { problems }))).toEqual({
    title: 'The file has problems',
    status: 422,
    code: 'wrong-file',
    detail: 'It is wrong.',
    problems,
  });
});

test('an event reads as a sentence', () => {
  expect(auditSentence({ kind: 'hidden', submissionId: '1', reason: 'wrong data set' })).toBe('hidden: wrong data set');
});
