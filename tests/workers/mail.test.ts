/** Letters go out through a real SMTP server on this machine, which takes them, refuses them, or does not answer. */
import { asc, eq, sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Client, closeDb, connect } from '#db/engine/client.ts';
import { notify } from '#db/notices/notices.ts';
import { forgetOldMail, leaseMail, MAX_ATTEMPTS, mailSent, mailSnapshot, retryDelay } from '#db/notices/outbox.ts';
import { ensureUser } from '#db/people/users.ts';
import { outbox } from '#db/schema.ts';
import { type Mailer, startMailer } from '#workers/mail.ts';
import { freePort, ONE_ENGINE, type TestDatabase, until } from '../db/databases.ts';
import { quotedPrintable, startSink } from './smtp-sink.ts';

describe.each(ONE_ENGINE)('e-mail on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  let database: TestDatabase;
  let client: Client;
  let db: Client['db'];
  let sink: Awaited<ReturnType<typeof startSink>>;
  const mailers = new Set<Mailer>();

  beforeAll(async () => {
    database = await open();
    client = connect(database.url);
    db = client.db;
    process.env.DATABASE_URL = database.url;
    sink = await startSink();
    process.env.SMTP_URL = `smtp://board:p%40ss@127.0.0.1:${sink.port}`;
    process.env.MAIL_FROM = 'LIVECell benchmark <board@example.org>';
    process.env.AUTH_URL = 'https://board.example.org';
  });
  beforeEach(async () => {
    await db.delete(outbox);
    sink.letters.length = 0;
    sink.refuse = null;
  });
  afterEach(async () => {
    await Promise.all([...mailers].map((mailer) => mailer.stop()));
    mailers.clear();
  });
  afterAll(async () => {
    for (const name of ['SMTP_URL', 'MAIL_FROM', 'AUTH_URL', 'DATABASE_URL']) delete process.env[name];
    await sink.close();
    await closeDb();
    await client.close();
    await database.close();
  });

  function send(options: { url?: string; firstDelay?: number } = {}): void {
    const { SMTP_URL, MAIL_FROM } = process.env;
    mailers.add(startMailer({ url: SMTP_URL!, from: MAIL_FROM!, lookMilliseconds: 20, firstDelay: 10, ...options }));
  }
  async function write(name: string, text: string): Promise<string> {
    const { id } = await ensureUser({ email: `${name}@example.org`, name }, db);
    await notify([id], { kind: 'scored', text, link: '/submissions/7' }, db);
    return (
      await db
        .select()
        .from(outbox)
        .where(eq(outbox.to, `${name}@example.org`))
    )[0].id;
  }
  const letter = async (id: string) => (await db.select().from(outbox).where(eq(outbox.id, id)))[0];
  const sent = (id: string) => until(async () => (await letter(id)).sentAt, { what: 'the letter to be sent' });

  test('a notice arrives as plain text with its link, once, whoever sends', async () => {
    const ids = [await write('anna', '“Netz für Zellen” was scored. AP 47.9.'), await write('ben', 'Another.')];
    send();
    send(); // a second scoring process
    for (const id of ids) await sent(id);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(sink.letters.map(({ to }) => to).sort()).toEqual(['anna@example.org', 'ben@example.org']);
    const { user, text } = sink.letters.find(({ to }) => to === 'anna@example.org')!;
    expect(user).toBe('board');
    const at = text.indexOf('\r\n\r\n');
    const [head, body] = [text.slice(0, at), quotedPrintable(text.slice(at + 4))];
    expect(head).toMatch(/^From: LIVECell benchmark <board@example\.org>$/m);
    expect(head).toMatch(/^Content-Type: text\/plain; charset=utf-8$/m);
    expect(head).toMatch(/^Auto-Submitted: auto-generated$/m);
    expect(head).toContain(`Message-ID: <${ids[0]}@example.org>`);
    expect(body.split('\r\n')).toEqual([
      '“Netz für Zellen” was scored. AP 47.9.',
      '',
      'https://board.example.org/submissions/7',
      '',
      '-- ',
      'LIVECell benchmark',
      'You get this e-mail because your account wants to hear by e-mail when: a submission was scored.',
      'Switch it off: https://board.example.org/account?tab=notices',
      '',
    ]);
    expect(await letter(ids[0])).toMatchObject({ attempts: 1, failedAt: null, lastError: null });
  }, 30_000);

  test('a refused letter is tried again until it is taken', async () => {
    sink.refuse = 'the mailbox is full';
    const id = await write('carla', 'Later.');
    send();
    const refused = await until(async () => {
      const row = await letter(id);
      return row.attempts >= 3 && row;
    });
    expect(refused).toMatchObject({ sentAt: null, failedAt: null });
    expect(refused.lastError).toContain('the mailbox is full');
    sink.refuse = null;
    await sent(id);
    expect(sink.letters).toHaveLength(1);
    expect(await letter(id)).toMatchObject({ lastError: null });
  }, 30_000);

  test('after the last attempt it is given up, with what was answered, and never tried again', async () => {
    sink.refuse = 'nobody of that name';
    const id = await write('dora', 'Never.');
    await db.update(outbox).set({ attempts: MAX_ATTEMPTS - 2 });
    send();
    await until(async () => (await letter(id)).failedAt, { what: 'giving up' });
    expect(await mailSnapshot(db)).toEqual({ waiting: 0, givenUp: 1 });
    sink.refuse = null;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await letter(id)).toMatchObject({ attempts: MAX_ATTEMPTS, sentAt: null });
    expect((await letter(id)).lastError).toContain('nobody of that name');
    expect(sink.letters).toEqual([]);
  }, 30_000);

  test('a server that is not there, and a wrong password, are refusals too', async () => {
    const id = await write('eve', 'Soon.');
    send({ url: `smtp://127.0.0.1:${await freePort()}`, firstDelay: 10 });
    await until(async () => (await letter(id)).lastError?.includes('ECONNREFUSED'), { what: 'no connection' });
    await Promise.all([...mailers].map((mailer) => mailer.stop()));
    send({ url: process.env.SMTP_URL!.replace('p%40ss', 'guess') });
    await until(async () => (await letter(id)).lastError?.includes('wrong password'), { what: 'a refused login' });
    await Promise.all([...mailers].map((mailer) => mailer.stop()));
    send();
    await sent(id);
    expect(sink.letters).toHaveLength(1);
  }, 30_000);

  test('a leased letter is nobody else’s until the lease is over', async () => {
    const [first, second] = [await write('fay', 'One.'), await write('gus', 'Two.')];
    const taken = await Promise.all([leaseMail(60_000, db), leaseMail(60_000, db), leaseMail(60_000, db)]);
    expect(taken.map((row) => row?.id).sort()).toEqual([first, second, undefined].sort());
    // its process died: the lease runs out
    await db.update(outbox).set({ nextAttemptAt: sql`now() - interval '1 second'` }).where(eq(outbox.id, first));
    expect(await leaseMail(60_000, db)).toMatchObject({ id: first, attempts: 2 });
    // … and every time: somewhere this must end
    await db.update(outbox).set({ nextAttemptAt: sql`now()`, attempts: MAX_ATTEMPTS }).where(eq(outbox.id, first));
    expect(await leaseMail(60_000, db)).toBeNull();
    expect(await letter(first)).toMatchObject({ lastError: 'sending never ended' });
    expect((await letter(first)).failedAt).not.toBeNull();
  });

  test('old letters are forgotten, waiting ones are not', async () => {
    const [old, young, waiting] = [await write('hal', '1.'), await write('ida', '2.'), await write('jo', '3.')];
    await mailSent(old, db);
    await mailSent(young, db);
    await db.update(outbox).set({ sentAt: sql`now() - interval '31 days'` }).where(eq(outbox.id, old));
    expect(await forgetOldMail(db)).toBe(1);
    const left = await db.select({ id: outbox.id }).from(outbox).orderBy(asc(outbox.createdAt));
    expect(left.map(({ id }) => id).sort()).toEqual([young, waiting].sort());
  });
});

test('delays double from a minute to six hours', () => {
  const minutes = [1, 2, 3, 9, 10, 50].map((attempts) => retryDelay(attempts) / 60_000);
  expect(minutes).toEqual([1, 2, 4, 256, 360, 360]);
});
