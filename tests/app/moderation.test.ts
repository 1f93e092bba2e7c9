/** What maintainers do, as far as it is seen over HTTP: levels on the board, and the log as files. */
import { beforeAll, describe, expect, test } from 'vitest';
import { GET as board } from '#app/api/v1/leaderboards/[task]/route.ts';
import { parseView, viewHref } from '#app/leaderboards/[task]/view.ts';
import { GET as auditFile } from '#app/maintain/audit/export/route.ts';
import { filterHref, parseFilter } from '#app/maintain/audit/filter.ts';
import { db } from '#db/engine/client.ts';
import { suspend } from '#db/people/moderation.ts';
import type { Dataset } from '#db/schema.ts';
import { approve, hide, markVerified } from '#db/submissions/moderation.ts';
import { saveReports, startScoring } from '#db/submissions/scoring.ts';
import { createSubmission, type NewSubmission } from '#db/submissions/submissions.ts';
import { leaderboardSchema } from '#lib/http/api.ts';
import { TASKS } from '#lib/tasks/index.ts';
import { someDataset, someReports, someSubmission } from '#tests/db/fixtures.ts';
import { openSite, type Person, person } from './site.ts';

openSite();

let ada: Person;
let mina: Person;
let dataset: Dataset;
beforeAll(async () => {
  [ada, mina] = [await person('ada'), await person('mina', 'maintainer')];
  dataset = await someDataset(db());
});

async function published(method: string, AP: number, changes: Partial<NewSubmission> = {}): Promise<string> {
  const { id } = await createSubmission(
    someSubmission(dataset, { userId: ada.id, visibility: 'pending', method, ...changes }),
  );
  await startScoring(id, 1);
  await saveReports(id, someReports({ AP }));
  await approve(id, mina.id);
  return id;
}

const request = (handler: typeof board, who: Person | null, search: string, params = {}) =>
  handler(new Request(`http://localhost/x${search}`, { headers: who?.bearer }), { params: Promise.resolve(params) });

describe('levels', () => {
  let ids: string[];
  beforeAll(async () => {
    ids = [
      await published('Scored', 0.5),
      await published('Linked', 0.6, { codeUrl: 'https://example.org/code' }),
      await published('Re-run', 0.4),
    ];
    await markVerified(ids[2], mina.id, 'within 0.01 points');
  });
  const rows = async (search: string) => {
    const response = await request(board, null, search, { task: 'livecell-wide' });
    return leaderboardSchema.parse(await response.json()).rows;
  };

  test('are on every row, with who re-ran it and when', async () => {
    const [linked, scored, rerun] = await rows('');
    expect([linked, scored, rerun].map(({ method, level }) => [method, level])).toEqual([
      ['Linked', 'code'],
      ['Scored', 'scored'],
      ['Re-run', 'verified'],
    ]);
    expect(rerun).toMatchObject({ verifiedBy: 'mina', verifiedAt: expect.stringMatching(/^\d{4}-/) });
    expect(scored).toMatchObject({ verifiedBy: null, verifiedAt: null });
  });

  test('filter, and the ranks stay those of the whole board', async () => {
    const ranked = async (search: string) => (await rows(search)).map(({ method, rank }) => [method, rank]);
    expect(await ranked('?level=code')).toEqual([
      ['Linked', 1],
      ['Re-run', 3],
    ]);
    expect(await ranked('?level=verified')).toEqual([['Re-run', 3]]);
    expect(await ranked('?level=scored')).toHaveLength(3);
    expect((await request(board, null, '?level=holy', { task: 'livecell-wide' })).status).toBe(400);
  });

  test('are in the file, which the filter cuts as well', async () => {
    const text = await (await request(board, null, '?level=verified&format=csv', { task: 'livecell-wide' })).text();
    const [header, row, ...more] = text.trim().split('\r\n');
    expect(more).toEqual([]);
    const cells = Object.fromEntries(header.split(',').map((name, i) => [name, row.split(',')[i]]));
    expect(cells).toMatchObject({ method: 'Re-run', level: 'verified', verified: expect.stringMatching(/^\d{4}-/) });
  });

  test('are part of a board’s address', () => {
    const view = parseView(TASKS['livecell-wide'], { level: 'verified' });
    expect(view.level).toBe('verified');
    expect(viewHref(view)).toBe('/leaderboards/livecell-wide?level=verified');
    expect(parseView(TASKS['livecell-wide'], { level: 'scored' }).level).toBeNull();
    expect(parseView(TASKS['livecell-wide'], { level: 'nonsense' }).level).toBeNull();
    const other = parseView(TASKS.transferability, { level: 'code' });
    expect(viewHref(other)).toBe('/leaderboards/transferability?level=code');
  });
});

describe('the audit log as a file', () => {
  let id: string;
  beforeAll(async () => {
    id = await published('=HYPERLINK("evil")', 0.3);
    await hide(id, mina.id, 'a "quoted", comma’d reason');
  });
  const file = (who: Person | null, search = '') => request(auditFile as typeof board, who, search);

  test('is for maintainers; to everybody else there is none', async () => {
    expect((await file(null)).status).toBe(404);
    expect((await file(ada)).status).toBe(404);
    expect((await file(mina)).status).toBe(200);
    const former = await person('former', 'maintainer');
    await suspend(former.id, mina.id, 'away');
    expect((await file(former)).status).toBe(404);
  });

  test('has who, when, why, before and after, as JSON lines', async () => {
    const response = await file(mina, `?format=jsonl&submission=${id}&kind=hidden`);
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="audit-log.jsonl"');
    const [line, ...more] = (await response.text())
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(more).toEqual([]);
    expect(line).toMatchObject({
      kind: 'hidden',
      actorId: mina.id,
      actorName: 'mina',
      submissionId: id,
      why: 'a "quoted", comma’d reason',
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      detail: { changes: { visibility: { before: 'published', after: 'hidden' } } },
    });
  });

  test('is CSV that no spreadsheet runs, oldest first', async () => {
    const text = await (await file(mina, `?submission=${id}`)).text();
    const lines = text.trim().split('\r\n');
    expect(lines[0]).toMatch(/^id,at,kind,actor,/);
    expect(lines.slice(1).map((line) => line.split(',')[2])).toEqual([
      ...['submitted', 'publication-requested', 'scored', 'approved', 'hidden'],
    ]);
    expect(lines[5]).toContain('"a ""quoted"", comma’d reason"');
    expect(lines[5]).toContain('"{""visibility"":""published""');
    expect(text).toContain(`"'=HYPERLINK(""evil"")"`);
    expect(text).not.toMatch(/,"?=HYPERLINK/);
  });

  test('a filter is its address, and what makes no sense filters nothing', () => {
    const address = '/maintain/audit?kind=hidden&person=mina&text=reason&from=2026-01-02&to=2026-01-03';
    const filter = parseFilter(Object.fromEntries(new URL(address, 'http://x').searchParams));
    expect(filter).toMatchObject({ kind: 'hidden', person: 'mina', from: new Date('2026-01-02T00:00:00Z') });
    expect(new URL(filterHref('/maintain/audit', filter), 'http://x').searchParams.toString()).toBe(
      new URL(address, 'http://x').searchParams.toString(),
    );
    const nothing = parseFilter({ kind: 'nonsense', from: '2026-13-45', to: 'yesterday', person: '' });
    expect(Object.values(nothing).every((value) => value === undefined)).toBe(true);
  });
});
