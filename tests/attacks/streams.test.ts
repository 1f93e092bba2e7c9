/** The attack: hundreds of event streams, each of which has the database asked every 700 ms. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { MOST_STREAMS, takeStream } from '#app/_server/watch.ts';
import { GET } from '#app/api/v1/submissions/[id]/events/route.ts';
import { db } from '#db/engine/client.ts';
import * as submissionQueries from '#db/submissions/submissions.ts';
import { openSite, type Person, person } from '#tests/app/site.ts';
import { someDataset, someSubmission } from '#tests/db/fixtures.ts';

openSite();

const open: AbortController[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.abort();
});

async function follow(who: Person, id: string): Promise<Response> {
  const stop = new AbortController();
  open.push(stop);
  const request = new Request(`http://site/api/v1/submissions/${id}/events`, {
    headers: who.bearer,
    signal: stop.signal,
  });
  return GET(request, { params: Promise.resolve({ id }) });
}

describe('event streams', () => {
  test('are few for each person, and free again when they are closed', async () => {
    const mallory = await person('mallory');
    const { id } = await submissionQueries.createSubmission(
      someSubmission(await someDataset(db()), { userId: mallory.id }),
    );
    const answers = await Promise.all(Array.from({ length: 300 }, () => follow(mallory, id)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(MOST_STREAMS.person);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(300 - MOST_STREAMS.person);
    for (const one of open.splice(0)) one.abort();
    const again = await follow(mallory, id);
    expect(again.status).toBe(200);
    const { value } = await again.body!.getReader().read();
    expect(new TextDecoder().decode(value)).toContain('retry: 2000');
  });

  test('of one submission share one look at the database', async () => {
    const ada = await person('ada');
    const { id } = await submissionQueries.createSubmission(
      someSubmission(await someDataset(db(), { name: 'shared' }), { userId: ada.id }),
    );
    const { watchSubmission } = await import('#app/_server/watch.ts');
    const heard = Array.from({ length: 100 }, () => vi.fn());
    const stops = heard.map((listener) => watchSubmission(id, listener));
    await vi.waitFor(() => expect(heard[99]).toHaveBeenCalled(), { timeout: 60_000 });
    // all at once, with the same document: nobody looked for themselves
    const documents = new Set(heard.map((listener) => listener.mock.calls[0][0]));
    expect(documents.size).toBe(1);
    for (const stop of stops) stop();
  });

  test('are bounded for all strangers together and for the process', () => {
    const taken = [];
    for (let i = 0; i < MOST_STREAMS.strangers; i++) taken.push(takeStream(null));
    expect(() => takeStream(null)).toThrow('Too many are following');
    for (let i = 0; taken.length < MOST_STREAMS.process; i++) taken.push(takeStream(`person ${i}`));
    expect(() => takeStream('one more')).toThrow('Too many are following');
    for (const giveBack of taken) {
      giveBack();
      giveBack();
    }
    takeStream('one more')();
  });
});
