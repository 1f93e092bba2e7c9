/**
 * Watching submissions: all who listen to one share a single look at the database, and everybody listens to few. The
 * database is asked, not listened to: the embedded one has no LISTEN/NOTIFY.
 */
import { getSubmission, type SubmissionDetail } from '#db/submissions/submissions.ts';
import { AppError } from '#lib/errors.ts';
import { log } from '#lib/log.ts';

const ASK_EVERY = 700;
/**
 * Open streams of one person, of one stranger's address (IPv4, or IPv6 /64 network), of all strangers together, and of
 * this process.
 */
export const MOST_STREAMS = { person: 4, address: 8, strangers: 64, process: 256 } as const;

type Listener = (submission: SubmissionDetail | null) => void;

interface Watch {
  listeners: Set<Listener>;
  timer: NodeJS.Timeout | undefined;
}

// Next compiles modules more than once in a process: one register for all of them
const shared = globalThis as typeof globalThis & {
  livecellWatches?: { watches: Map<string, Watch>; streams: Map<string, number> };
};
function register() {
  shared.livecellWatches ??= { watches: new Map(), streams: new Map() };
  return shared.livecellWatches;
}

/**
 * Take one of the places for streams; the returned function gives it back, once.
 *
 * @param address what counts as one sender (`senderOf`); null: unknown
 * @throws AppError `too-many`
 */
export function takeStream(personId: string | null, address: string | null = null): () => void {
  const { streams } = register();
  const own = personId === null ? `stranger ${address ?? 'unknown'}` : `person ${personId}`;
  const count = (of: (who: string) => boolean) =>
    [...streams].reduce((sum, [who, open]) => (of(who) ? sum + open : sum), 0);
  const opened = streams.get(own) ?? 0;
  if (personId !== null && opened >= MOST_STREAMS.person)
    throw new AppError(
      'too-many',
      `You follow ${MOST_STREAMS.person} submissions already, in this or other windows. Close one of them.`,
    );
  const strangers = count((who) => who.startsWith('stranger'));
  if (
    (personId === null && address !== null && opened >= MOST_STREAMS.address) ||
    (personId === null && strangers >= MOST_STREAMS.strangers) ||
    count(() => true) >= MOST_STREAMS.process
  )
    throw new AppError(
      'too-many',
      'Too many are following submissions right now. Ask for the submission itself now and then.',
    );
  streams.set(own, opened + 1);
  let given = false;
  return () => {
    if (given) return;
    given = true;
    const left = (streams.get(own) ?? 1) - 1;
    if (left > 0) streams.set(own, left);
    else streams.delete(own);
  };
}

/** Calls `listener` with what the submission is, about every 700 ms; null when it is gone. Returns how to stop. */
export function watchSubmission(id: string, listener: Listener): () => void {
  const { watches } = register();
  let watch = watches.get(id);
  if (!watch) {
    watch = { listeners: new Set(), timer: undefined };
    watches.set(id, watch);
    void askState(id, watch);
  }
  const own = watch;
  own.listeners.add(listener);
  return () => {
    own.listeners.delete(listener);
    if (own.listeners.size > 0) return;
    clearTimeout(own.timer);
    if (watches.get(id) === own) watches.delete(id);
  };
}

async function askState(id: string, watch: Watch): Promise<void> {
  try {
    const submission = await getSubmission(id);
    for (const listener of [...watch.listeners]) listener(submission);
  } catch (error) {
    log.error('watch-failed', error); // a database that is away for a moment is asked again
  }
  if (watch.listeners.size > 0) watch.timer = setTimeout(() => void askState(id, watch), ASK_EVERY);
}
