/** Sends what waits in the outbox, a letter at a time, for as long as the scoring process runs. */
import { createTransport } from 'nodemailer';
import { forgetOldMail, leaseMail, mailRefused, mailSent } from '#db/notices/outbox.ts';
import { log } from './log.ts';

export interface Mailer {
  /** Take no more letters; the one at hand is finished, or, when it takes too long, comes up again later. */
  stop(): Promise<void>;
}

/** Longer than all of the time limits below, so that nobody else takes a letter that is still on its way. */
const LEASE_MILLISECONDS = 5 * 60_000;
const CONNECT_MILLISECONDS = 20_000;
const SILENCE_MILLISECONDS = 60_000;
const LOOK_MILLISECONDS = 5_000;
const STOP_MILLISECONDS = 5_000;
const SWEEP_MILLISECONDS = 3600_000;

/**
 * Look into the outbox every few seconds and send what is due. A refusal is retried later, with growing delays
 * (`db/notices/outbox.ts`); `firstDelay` is the first of them, in milliseconds.
 */
export function startMailer(options: {
  /** `smtp://user:password@host:587`, `smtps://…` */
  url: string;
  from: string;
  lookMilliseconds?: number;
  firstDelay?: number;
}): Mailer {
  const transport = createTransport({
    url: options.url,
    connectionTimeout: CONNECT_MILLISECONDS,
    greetingTimeout: CONNECT_MILLISECONDS,
    socketTimeout: SILENCE_MILLISECONDS,
    // what we write is text of our own: nothing is fetched or read from files on its behalf
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const host = options.from.split('@').at(-1)!.replace('>', '');
  let stopped = false;
  let swept = 0;
  let running: Promise<void> | null = null;

  /** Send one letter. False: none was due. */
  async function sendOne(): Promise<boolean> {
    const letter = await leaseMail(LEASE_MILLISECONDS);
    if (!letter) return false;
    const { id, to, subject, body, attempts } = letter;
    try {
      await transport.sendMail({
        from: options.from,
        // an object, so that an address is never read as a list of them
        to: { name: '', address: to },
        subject,
        text: body,
        // the same at every attempt: a letter that came twice after all can be recognised
        messageId: `<${id}@${host}>`,
        headers: { 'Auto-Submitted': 'auto-generated' },
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const givenUp = await mailRefused(letter, reason, { firstDelay: options.firstDelay });
      log(givenUp ? 'mail-given-up' : 'mail-refused', { mail: id, attempts, reason });
      return true;
    }
    await mailSent(id);
    log('mail-sent', { mail: id, attempts });
    return true;
  }

  async function work(): Promise<void> {
    try {
      while (!stopped && (await sendOne()));
      if (!stopped && Date.now() - swept > SWEEP_MILLISECONDS) {
        swept = Date.now();
        await forgetOldMail();
      }
    } catch (error) {
      // the database does not answer: the next look may find it
      log('mail-error', { reason: error instanceof Error ? error.message : String(error) });
    }
  }

  const timer = setInterval(() => {
    running ??= work().finally(() => {
      running = null;
    });
  }, options.lookMilliseconds ?? LOOK_MILLISECONDS);

  return {
    async stop() {
      stopped = true;
      clearInterval(timer);
      if (running) {
        let over: NodeJS.Timeout | undefined;
        await Promise.race([running, new Promise((resolve) => (over = setTimeout(resolve, STOP_MILLISECONDS)))]);
        clearTimeout(over);
      }
      transport.close();
    },
  };
}
