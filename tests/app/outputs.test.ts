/** Small public outputs of entries: badge, social image, feed; and entries that are anonymous from the start. */
import { beforeAll, describe, expect, it, test } from 'vitest';
import { handleUpload } from '#app/_server/uploads.ts';
import { POST as create } from '#app/api/v1/submissions/route.ts';
import { GET as badge } from '#app/entries/[id]/badge.svg/route.ts';
import { GET as image } from '#app/entries/[id]/opengraph-image/route.tsx';
import { GET as feed } from '#app/feed.xml/route.ts';
import { db } from '#db/engine/client.ts';
import type { Dataset } from '#db/schema.ts';
import { approve } from '#db/submissions/moderation.ts';
import { saveReports, startScoring } from '#db/submissions/scoring.ts';
import { createDemoSubmission, createSubmission, getSubmission } from '#db/submissions/submissions.ts';
import { escapeXml } from '#lib/xml.ts';
import { someDataset, someReports, someSubmission } from '#tests/db/fixtures.ts';
import { openSite, type Person, person } from './site.ts';

openSite();

let dataset: Dataset;
let ada: Person;
let best: string;
let hostile: string;
let unpublished: string;
const HOSTILE = 'A <b>&"bold" method ]]> 方法';

beforeAll(async () => {
  dataset = await someDataset(db());
  ada = await person('ada');
  best = await entry('Best', 0.479, true);
  hostile = await entry(HOSTILE, 0.4, true);
  unpublished = await entry('Unpublished', 0.9, false);
  await createDemoSubmission(someSubmission(dataset, { method: 'A demo entry' }));
});

async function entry(method: string, AP: number, published: boolean): Promise<string> {
  const { id } = await createSubmission(someSubmission(dataset, { method, userId: ada.id, visibility: 'pending' }));
  await startScoring(id, 1);
  await saveReports(id, someReports({ AP }));
  if (published) await approve(id, null);
  return id;
}

type Handler = typeof badge;
const get = (handler: Handler, id: string) =>
  handler(new Request('http://localhost/x', { headers: ada.bearer }), { params: Promise.resolve({ id }) });

describe('a badge', () => {
  it('says the task, the headline number and the rank', async () => {
    const response = await get(badge, best);
    expect(response.headers.get('content-type')).toContain('image/svg+xml');
    const svg = await response.text();
    expect(svg).toMatch(/>LIVECell-wide · AP 47\.9 · #1<\/text>/);
    expect(svg).toContain('<title>Best: LIVECell-wide · AP 47.9 · #1</title>');
  });

  it('holds no markup that somebody typed', async () => {
    const svg = await (await get(badge, hostile)).text();
    expect(svg).not.toContain('<b>');
    expect(svg).toContain(escapeXml(HOSTILE));
  });
});

test('a social image is a PNG of the usual size, also of a name in letters that its font lacks', async () => {
  for (const id of [best, hostile]) {
    const response = await get(image, id);
    expect(response.headers.get('content-type')).toBe('image/png');
    const png = Buffer.from(await response.arrayBuffer());
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1200, 630]);
  }
});

test('what is embedded elsewhere is the same for everybody: not there until the entry is published', async () => {
  // `ada` owns it
  expect([(await get(badge, unpublished)).status, (await get(image, unpublished)).status]).toEqual([404, 404]);
});

test('the feed has what was published, the newest first, with its number; no demo, nothing private', async () => {
  const response = await feed(new Request('http://localhost/feed.xml', { headers: { host: 'localhost:4000' } }), {
    params: Promise.resolve({}),
  });
  expect(response.headers.get('content-type')).toContain('application/atom+xml');
  const xml = await response.text();
  const titles = [...xml.matchAll(/^ {4}<title>(.*)<\/title>$/gm)].map(([, title]) => title);
  expect(titles).toEqual([escapeXml(`${HOSTILE} on test`), 'Best on test']);
  expect(xml).toContain('<summary>LIVECell-wide · AP 47.9 · #1</summary>');
  expect(xml).toContain(`<link rel="alternate" type="text/html" href="http://localhost:4000/entries/${best}"/>`);
  expect(xml).toContain(`<id>urn:uuid:${best}</id>`);
  expect(xml).toContain('<author><name>ada</name></author>');
  expect(xml).not.toMatch(/Unpublished|demo|<b>/);
});

test('XML holds what it may hold', () => {
  expect(escapeXml('a\u0000b\tc\ud800d😀<&>"')).toBe('a\ufffdb\tc\ufffdd😀&lt;&amp;&gt;&quot;');
});

describe('submitting anonymously', () => {
  it('gives the entry its number at once', async () => {
    const { status, body } = await submit({ anonymous: true, anonymousUntil: '2999-03-01' });
    expect(status).toBe(201);
    expect(await getSubmission(body.id)).toMatchObject({
      anonymous: true,
      anonymousNumber: expect.any(Number),
      anonymousUntil: new Date('2999-03-01T00:00:00Z'),
    });
  });

  test.each([
    ['a date without the wish', { anonymousUntil: '2999-03-01' }],
    ['a date that has passed', { anonymous: true, anonymousUntil: '2020-01-01' }],
    ['a date that is none', { anonymous: true, anonymousUntil: 'soon' }],
  ])('is refused with %s, by field', async (_what, wrong) => {
    const { status, body } = await submit(wrong);
    expect(status).toBe(400);
    expect(Object.keys(body.fields)).toEqual(['anonymousUntil']);
  });
});

async function submit(more: object) {
  const FILE = Buffer.from('[{"image_id":1,"score":0.5,"bbox":[0,0,2,2]}]');
  const headers = {
    ...ada.bearer,
    'tus-resumable': '1.0.0',
    'upload-length': String(FILE.length),
    'content-type': 'application/offset+octet-stream',
  };
  const sent = new Request('http://localhost/api/uploads', { method: 'POST', headers, body: FILE });
  const upload = (await handleUpload(sent)).headers.get('location')!;
  const body = JSON.stringify({ task: 'livecell-wide', method: 'Mine', files: [{ slot: 'all', upload }], ...more });
  const request = new Request('http://localhost/api/v1/submissions', { method: 'POST', headers: ada.bearer, body });
  const response = await create(request, { params: Promise.resolve({}) });
  return { status: response.status, body: await response.json() };
}
