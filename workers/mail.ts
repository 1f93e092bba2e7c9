/** Sends the messages in the outbox, one at a time, while the scoring process runs. */
import { createTransport } from 'nodemailer';
import { forgetOldMail, leaseMail, mailRefused, mailSent } from '#db/notices/outbox.ts';
import { log } from '#lib/log.ts';
import { metrics } from '#lib/metrics.ts';

export interface Mailer {
  /** Take no more messages. The current one is finished or, if it takes too long, retried later. */
  stop(): Promise<void>;
}

/** Longer than all time limits below, so that no other process takes a message that is still being sent. */
const LEASE_MILLISECONDS = 5 * 60_000;
const CONNECT_MILLISECONDS = 20_000;
const SILENCE_MILLISECONDS = 60_000;
const LOOK_MILLISECONDS = 5_000;
const STOP_MILLISECONDS = 5_000;
const SWEEP_MILLISECONDS = 3600_000;

/**
 * Check the outbox every few seconds and send what is due. A refused message is retried later, with growing delays
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
    // our messages are plain text: nodemailer must not fetch URLs or read files for them
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const host = options.from.split('@').at(-1)!.replace('>', '');
  let stopped = false;
  let swept = 0;
  let running: Promise<void> | null = null;

  /** Send one message. @returns false if none was due */
  async function sendOne(): Promise<boolean> {
    const letter = await leaseMail(LEASE_MILLISECONDS);
    if (!letter) return false;
    const { id, to, subject, body, attempts } = letter;
    try {
      await transport.sendMail({
        from: options.from,
        // an object, so that one address is never parsed as a list
        to: { name: '', address: to },
        subject,
        text: body,
        // the same at every attempt, so that mail programs recognise a message sent twice
        messageId: `<${id}@${host}>`,
        headers: { 'Auto-Submitted': 'auto-generated' },
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const givenUp = await mailRefused(letter, reason, { firstDelay: options.firstDelay });
      metrics().mail.inc({ result: givenUp ? 'given-up' : 'refused' });
      log.warn(givenUp ? 'mail-given-up' : 'mail-refused', { message: id, attempts, reason });
      return true;
    }
    await mailSent(id);
    metrics().mail.inc({ result: 'sent' });
    log.info('mail-sent', { message: id, attempts });
    return true;
  }

  async function work(): Promise<void> {
    try {
      while (!stopped && (await sendOne()));
      if (!stopped && performance.now() - swept > SWEEP_MILLISECONDS) {
        swept = performance.now();
        await forgetOldMail();
      }
    } catch (error) {
      // the database does not respond: the next check may succeed
      metrics().mail.inc({ result: 'error' });
      log.error('mail-error', error);
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
