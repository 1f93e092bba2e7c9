/** A real SMTP server on this machine, to send to. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** Keeps what it took, and refuses recipients while told to. The password of `board` is `p@ss`. */
export async function startSink() {
  const letters: { to: string; user: string | undefined; text: string }[] = [];
  const sink = { letters, refuse: null as string | null, port: 0, close: async () => {} };
  const server = new SMTPServer({
    // in the clear, as on one machine; a password is asked for
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      username === 'board' && password === 'p@ss' ? done(null, { user: username }) : done(new Error('wrong password')),
    onRcptTo: (_address, _session, done) => done(sink.refuse ? new Error(sink.refuse) : null),
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address).join();
        letters.push({ to, user: session.user, text: Buffer.concat(chunks).toString('utf8') });
        done();
      });
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  sink.port = (server.server.address() as AddressInfo).port;
  sink.close = () => new Promise((resolve) => server.close(resolve));
  return sink;
}

/** Text as it was before it was made fit for the way (RFC 2045, 6.7). */
export function quotedPrintable(text: string): string {
  const bytes = text
    .replaceAll('=\r\n', '')
    .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
