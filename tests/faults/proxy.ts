/** A proxy that can fail: between processes and the database, the object store, or several web processes. */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** `pass` on, `hang` without an answer, `refuse` connections and cut those that are open, answer `error` 500 as HTTP. */
export type Mood = 'pass' | 'hang' | 'refuse' | 'error';

export class FaultyProxy {
  mood: Mood = 'pass';
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #turn = 0;

  /** @param upstreams ports on this machine; each connection goes to the next of them that answers */
  constructor(upstreams: readonly number[]) {
    this.#server = createServer((client) => {
      this.#open.add(client);
      client.on('error', () => {});
      client.on('close', () => this.#open.delete(client));
      if (this.mood === 'refuse') {
        client.destroy();
        return;
      }
      this.#dial(client, upstreams, upstreams.length);
    });
  }

  #dial(client: Socket, upstreams: readonly number[], left: number): void {
    const server = connect(upstreams[this.#turn++ % upstreams.length], '127.0.0.1');
    const early: Buffer[] = [];
    let connected = false;
    const collect = (chunk: Buffer) => early.push(chunk);
    client.on('data', collect);
    server.on('error', () => {
      client.off('data', collect);
      if (!connected && left > 1 && early.length === 0) this.#dial(client, upstreams, left - 1);
      else client.destroy();
    });
    server.on('connect', () => {
      connected = true;
      client.off('data', collect);
      this.#open.add(server);
      const forward = (to: Socket) => (chunk: Buffer) => {
        if (this.mood === 'hang') return;
        if (this.mood === 'error') {
          client.end('HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
          return;
        }
        to.write(chunk);
      };
      client.on('data', forward(server));
      server.on('data', forward(client));
      for (const chunk of early) forward(server)(chunk);
      server.on('close', () => client.destroy());
      client.on('close', () => {
        server.destroy();
        this.#open.delete(server);
      });
    });
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** Change what happens from now on. Connections whose bytes were swallowed are cut when it passes again. */
  become(mood: Mood): void {
    const before = this.mood;
    this.mood = mood;
    if (mood === 'refuse' || before === 'hang' || before === 'error') for (const socket of this.#open) socket.destroy();
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
