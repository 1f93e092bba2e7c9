/**
 * Serves one embedded PostgreSQL backend to many connections, over the ordinary wire protocol on loopback.
 *
 * The backend is a single session. A connection gets it with its first message and keeps it until the backend says
 * it is idle again (ReadyForQuery `I`): whole queries and whole transactions, never interleaved.
 *
 *   connection ─ messages ─▶ units ──▶ waiting ──▶ owner ──▶ backend
 *                (up to Sync, Flush    in turn     until     one unit
 *                 or a simple Query)               idle      at a time
 *
 * What PostgreSQL keeps per session is kept apart here: names of prepared statements are rewritten, and settings made
 * with SET are saved and put back at the connection's next turn. Not supported, since the session is one: LISTEN,
 * temporary tables, session-level advisory locks (transaction-level ones work), and COPY.
 *
 * Why not `@electric-sql/pglite-socket`, which has a multiplexer since 0.2: its issue #1046 (interleaved batches of the
 * extended protocol, whose clients get one another's rows) and issue #985 (a deadlock) were open when this was written.
 * Once both are closed, it is worth a look again; docs/decisions/0001-multiplexer.md.
 *
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

interface Backend {
  /** Runs complete messages and returns the complete messages of the answer. */
  execProtocolRaw(messages: Uint8Array): Promise<Uint8Array>;
}

interface MultiplexerOptions {
  password: string;
  /** sent to every connection: server_version, DateStyle … */
  parameters: Readonly<Record<string, string>>;
  port?: number;
  /** how long a connection may keep the others waiting inside a transaction without sending anything */
  idleInTransactionMilliseconds?: number;
  /** called when the backend is beyond use */
  onCrash?: (error: unknown) => void;
}

interface Connection {
  socket: Socket;
  id: number;
  input: Buffer;
  /** what the connection expects: StartupMessage, then the password, then anything */
  phase: 'startup' | 'password' | 'ready' | 'closed';
  /** groups of messages that each end where the backend answers; null: the connection has ended */
  units: (Buffer | null)[];
  /** messages of an incomplete unit */
  part: Buffer[];
  waiting: boolean;
  /** the client's names of prepared statements → ours */
  statements: Map<string, string>;
  /** settings of the session, to be put back at its next turn */
  settings: Map<string, string>;
}

const code = (letter: string) => letter.charCodeAt(0);
const [BIND, CLOSE, DESCRIBE, PARSE, PASSWORD, TERMINATE] = ['B', 'C', 'D', 'P', 'p', 'X'].map(code);
/** Message types that the backend answers. */
const ENDS_UNIT = new Set(['Q', 'S', 'H', 'F'].map(code));
const COMMAND_COMPLETE = code('C');
const READY = code('Z');
const IDLE = code('I');

const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;
const PROTOCOL_3 = 3;
/** Most bytes that a client may send before its password is checked. */
const MAX_STARTUP_BYTES = 10_000;
/** Largest message that PostgreSQL itself accepts, in bytes. */
const MAX_MESSAGE_BYTES = 0x3fffffff;

/** Serve connections to a local port until closed. */
export async function serve(backend: Backend, options: MultiplexerOptions): Promise<Multiplexer> {
  const multiplexer = new Multiplexer(backend, options);
  await multiplexer.listen(options.port ?? 0);
  return multiplexer;
}

class Multiplexer {
  private readonly backend: Backend;
  private readonly options: MultiplexerOptions;
  private readonly passwordHash: Buffer;
  private readonly server: Server;
  private readonly connections = new Set<Connection>();
  /** connections with something to run, in the order of their turns */
  private readonly waiting: Connection[] = [];
  /** the connection whose turn it is */
  private owner: Connection | null = null;
  private idleTimer: NodeJS.Timeout | undefined;
  private running = false;
  private crashed = false;
  private nextId = 1;
  /** connections whose settings have changed since they were saved */
  private readonly pendingSettings = new WeakSet<Connection>();

  constructor(backend: Backend, options: MultiplexerOptions) {
    this.backend = backend;
    this.options = options;
    this.passwordHash = sha256(options.password);
    this.server = createServer({ noDelay: true }, (socket) => this.accept(socket));
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, '127.0.0.1', resolve);
    });
  }

  async close(): Promise<void> {
    clearTimeout(this.idleTimer);
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const { socket } of this.connections) socket.destroy();
    await closed;
    // wait until the clients' open transactions are rolled back
    while (!this.crashed && (this.running || this.waiting.length > 0 || this.owner))
      await new Promise((resolve) => setTimeout(resolve, 5));
  }

  private accept(socket: Socket): void {
    const connection: Connection = {
      socket,
      id: this.nextId++,
      input: Buffer.alloc(0),
      phase: 'startup',
      units: [],
      part: [],
      waiting: false,
      statements: new Map(),
      settings: new Map(),
    };
    this.connections.add(connection);
    socket.on('data', (chunk) => this.receive(connection, chunk));
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => this.leave(connection));
  }

  // --- taking turns ---

  private askForTurn(connection: Connection): void {
    if (connection !== this.owner && !connection.waiting && connection.units.length > 0) {
      connection.waiting = true;
      this.waiting.push(connection);
    }
    void this.runUnits();
  }

  private async runUnits(): Promise<void> {
    if (this.running || this.crashed) return;
    this.running = true;
    try {
      while (true) {
        if (!this.owner) {
          const next = this.waiting.shift();
          if (!next) return;
          next.waiting = false;
          this.owner = next;
          await this.restoreSettings(next);
        }
        const unit = this.owner.units.shift();
        if (unit === undefined) return; // in a transaction: its next message comes in its own time
        clearTimeout(this.idleTimer);
        if (unit === null) {
          await this.cleanUpAfter(this.owner);
          this.owner = null;
          continue;
        }
        const answer = await this.backend.execProtocolRaw(unit);
        const { idle, set } = this.readAnswer(answer);
        // set_config() answers like any other query
        if (set || unit.includes('set_config')) await this.saveSettings(this.owner, idle);
        if (!this.owner.socket.destroyed) this.owner.socket.write(answer);
        if (!idle) {
          const holder = this.owner;
          this.idleTimer = setTimeout(() => this.expire(holder), this.options.idleInTransactionMilliseconds ?? 30_000);
          continue;
        }
        const done: Connection = this.owner;
        this.owner = null;
        if (done.units.length > 0) this.askForTurn(done); // behind those who wait already
      }
    } catch (error) {
      this.crashed = true;
      for (const connection of this.connections) connection.socket.destroy();
      this.options.onCrash?.(error);
    } finally {
      this.running = false;
    }
  }

  private expire(connection: Connection): void {
    if (connection !== this.owner) return;
    this.fail(connection, '25P03', 'terminated: idle in a transaction for too long while others wait');
  }

  /** Clean up after a connection: its open transaction, half-sent request and prepared statements. */
  private async cleanUpAfter(connection: Connection): Promise<void> {
    await this.backend.execProtocolRaw(Buffer.concat([message('S'), query('rollback')]));
    const close = [...connection.statements.values()].map((name) => message('C', 'S', name, '\0'));
    if (close.length > 0) await this.backend.execProtocolRaw(Buffer.concat([...close, message('S')]));
    await this.backend.execProtocolRaw(query('reset all'));
  }

  // --- settings ---

  /** After SET outside a transaction, save the session's settings and reset the backend. */
  private async saveSettings(connection: Connection, idle: boolean): Promise<void> {
    if (!idle) {
      // in a transaction it may be SET LOCAL or be rolled back, so look again when the transaction ends
      this.pendingSettings.add(connection);
      return;
    }
    this.pendingSettings.delete(connection);
    const answer = await this.backend.execProtocolRaw(
      query("select name || '=' || setting from pg_settings where source = 'session'"),
    );
    connection.settings = new Map(
      rows(answer).map((row) => {
        const at = row.indexOf('=');
        return [row.slice(0, at), row.slice(at + 1)];
      }),
    );
    await this.backend.execProtocolRaw(query('reset all'));
  }

  private async restoreSettings(connection: Connection): Promise<void> {
    if (connection.settings.size === 0) return;
    for (const [name, value] of connection.settings) {
      await this.backend.execProtocolRaw(query(`select set_config(${quote(name)}, ${quote(value)}, false)`));
    }
    this.pendingSettings.add(connection); // they come off again when the turn ends
  }

  // --- reading ---

  private receive(connection: Connection, chunk: Buffer): void {
    connection.input = connection.input.length === 0 ? chunk : Buffer.concat([connection.input, chunk]);
    while (connection.phase === 'startup') if (!this.readStartup(connection)) return;
    while (connection.phase === 'password' || connection.phase === 'ready') if (!this.readMessage(connection)) break;
    this.askForTurn(connection);
  }

  /** Startup messages have no type byte: length, code, parameters. */
  private readStartup(connection: Connection): boolean {
    const { input, socket } = connection;
    if (input.length < 8) return false;
    const length = input.readInt32BE(0);
    if (length < 8 || length > MAX_STARTUP_BYTES) {
      this.disconnect(connection);
      return false;
    }
    if (input.length < length) return false;
    const kind = input.readInt32BE(4);
    connection.input = input.subarray(length);
    if (kind === SSL_REQUEST || kind === GSS_REQUEST) {
      socket.write('N'); // loopback only: nothing to encrypt
      return true;
    }
    // a statement runs to its end before anything else is read, so there is never one to cancel
    if (kind === CANCEL_REQUEST || kind >>> 16 !== PROTOCOL_3) {
      if (kind !== CANCEL_REQUEST) this.fail(connection, '08P01', 'this server speaks protocol 3 only');
      else this.disconnect(connection);
      return false;
    }
    const pairs = input.toString('utf8', 8, length).split('\0');
    for (let i = 0; i + 1 < pairs.length && pairs[i]; i += 2) {
      if (!NOT_SETTINGS.has(pairs[i].toLowerCase())) connection.settings.set(pairs[i], pairs[i + 1]);
    }
    connection.phase = 'password';
    socket.write(message('R', int32(3))); // AuthenticationCleartextPassword
    return true;
  }

  private readMessage(connection: Connection): boolean {
    const { input } = connection;
    if (input.length < 5) return false;
    const type = input[0];
    const length = input.readInt32BE(1);
    const max = connection.phase === 'ready' ? MAX_MESSAGE_BYTES : MAX_STARTUP_BYTES;
    if (length < 4 || length > max) {
      this.fail(connection, '08P01', 'invalid message length');
      return false;
    }
    if (input.length < length + 1) return false;
    connection.input = input.subarray(length + 1);
    const body = input.subarray(0, length + 1);
    if (connection.phase === 'password') {
      this.checkPassword(connection, type, body);
      return connection.input.length > 0;
    }
    if (type === TERMINATE) {
      this.leave(connection);
      return false;
    }
    connection.part.push(this.renameStatement(connection, type, body));
    if (ENDS_UNIT.has(type)) {
      connection.units.push(connection.part.length === 1 ? connection.part[0] : Buffer.concat(connection.part));
      connection.part = [];
    }
    return true;
  }

  private checkPassword(connection: Connection, type: number, body: Buffer): void {
    const given = body.toString('utf8', 5, body.length - 1);
    if (type !== PASSWORD || !timingSafeEqual(sha256(given), this.passwordHash)) {
      this.fail(connection, '28P01', 'password authentication failed');
      return;
    }
    connection.phase = 'ready';
    const status = Object.entries(this.options.parameters).map(([name, value]) =>
      message('S', name, '\0', value, '\0'),
    );
    const key = message('K', int32(connection.id), randomBytes(4));
    connection.socket.write(Buffer.concat([message('R', int32(0)), ...status, key, message('Z', 'I')]));
  }

  /** Rename statements, since two connections may use the same name. The unnamed one lasts only for a turn. */
  private renameStatement(connection: Connection, type: number, body: Buffer): Buffer {
    let start: number;
    if (type === PARSE) start = 5;
    else if (type === BIND) start = body.indexOf(0, 5) + 1;
    else if ((type === DESCRIBE || type === CLOSE) && body[5] === code('S')) start = 6;
    else return body;
    const end = body.indexOf(0, start);
    if (end <= start) return body;
    const name = body.toString('utf8', start, end);
    let ours = connection.statements.get(name);
    if (!ours) {
      ours = `c${connection.id}_${connection.statements.size}`;
      connection.statements.set(name, ours);
    }
    const renamed = Buffer.concat([body.subarray(0, start), Buffer.from(ours), body.subarray(end)]);
    renamed.writeInt32BE(renamed.length - 1, 1);
    return renamed;
  }

  // --- leaving ---

  /** Accept no more messages, but run those already received, as PostgreSQL does. */
  private leave(connection: Connection): void {
    if (connection.phase === 'closed') return;
    const wasReady = connection.phase === 'ready';
    connection.phase = 'closed';
    this.connections.delete(connection);
    connection.socket.end();
    if (!wasReady) return;
    connection.units.push(null);
    this.askForTurn(connection);
  }

  private disconnect(connection: Connection): void {
    this.leave(connection);
    connection.socket.destroySoon();
  }

  private fail(connection: Connection, sqlState: string, text: string): void {
    const fields = `SFATAL\0VFATAL\0C${sqlState}\0M${text}\0\0`;
    if (!connection.socket.destroyed) connection.socket.write(message('E', fields));
    this.disconnect(connection);
  }

  private readAnswer(answer: Uint8Array): { idle: boolean; set: boolean } {
    const view = Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength);
    let idle = false;
    let set = this.owner !== null && this.pendingSettings.has(this.owner);
    for (let at = 0; at < view.length; at += 1 + view.readInt32BE(at + 1)) {
      if (view[at] === READY) idle = view[at + 5] === IDLE;
      else if (view[at] === COMMAND_COMPLETE) set ||= view.toString('latin1', at + 5, at + 9) === 'SET\0';
    }
    return { idle, set };
  }
}

/** Parameters of a StartupMessage that are not settings of the session. */
const NOT_SETTINGS = new Set(['user', 'database', 'replication', 'options', 'client_encoding', 'application_name']);

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function message(type: string, ...parts: (string | Buffer)[]): Buffer {
  const body = parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part));
  const length = body.reduce((sum, part) => sum + part.length, 4);
  return Buffer.concat([Buffer.from(type), int32(length), ...body]);
}

function query(text: string): Buffer {
  return message('Q', text, '\0');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Return the first column of an answer's rows. */
function rows(answer: Uint8Array): string[] {
  const view = Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength);
  const found: string[] = [];
  for (let at = 0; at < view.length; at += 1 + view.readInt32BE(at + 1)) {
    if (view[at] === code('D')) found.push(view.toString('utf8', at + 11, at + 11 + view.readInt32BE(at + 7)));
  }
  return found;
}
