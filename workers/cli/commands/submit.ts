/** `livecell submit`: uploads over tus, resumes interrupted uploads, and follows the submission until it is scored. */

import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bytes, seconds } from '#lib/format.ts';
import type { Created, NewSubmission, SubmissionBody, TaskList } from '#lib/http/api.ts';
import { LOOK_BYTES, lookAtOnce } from '#lib/readers/at-once.ts';
import { sniff } from '#lib/readers/kinds.ts';
import type { Task } from '#lib/tasks/task.ts';
import { EXPOSURES, type Exposure, isFinal, MOST_TIMES } from '#lib/vocabulary.ts';
import {
  CallError,
  type Command,
  InputError,
  JSON_OPTION,
  type Output,
  problemLine,
  UnavailableError,
  type Values,
} from '#workers/cli/command.ts';
import { reportTable } from '#workers/cli/report-table.ts';
import { parseSharing, SHARING_OPTIONS } from '#workers/cli/sharing.ts';
import { openSite, refusal, SERVER_OPTION, type Site, TOKEN_OPTION } from '#workers/cli/site.ts';
import {
  ANY_CATEGORY,
  openTask,
  parseThreshold,
  SCORE_THRESHOLD,
  SLOTS_IN_WORDS,
  type SlotFile,
  slotFiles,
  TASK_OPTION,
} from '#workers/cli/slot-arguments.ts';

/** Stays within the 300 seconds Node allows a request, even on a slow line: 50 MB in five minutes is 1.4 Mbit/s. */
const CHUNK_BYTES = 50_000_000;
const POLL_MILLISECONDS = 700;

/** @throws CallError naming the values there are */
function parseExposure(given: string | undefined): Exposure | undefined {
  const found = EXPOSURES.find((exposure) => exposure === given);
  if (given !== undefined && !found)
    throw new CallError(`--exposure is one of ${EXPOSURES.join(', ')}; found “${given}”.`);
  return found;
}

/** Read the table of times, which the site checks. @throws CallError for one of the two options without the other */
async function readTimesFile(task: Task, { times, hardware }: Values): Promise<NewSubmission['times']> {
  if (times === undefined && hardware === undefined) return undefined;
  if (times === undefined)
    throw new CallError('--hardware says what --times FILE was measured on; --times is missing.');
  if (!hardware?.trim()) throw new CallError('--times needs --hardware: what the times were measured on.');
  if (!task.timed) throw new CallError(`${task.name} takes no --times.`);
  const csv = await readFile(times, 'utf8').catch((cause) => {
    throw new InputError(`${times} cannot be read: ${cause.message}`);
  });
  if (csv.length > MOST_TIMES)
    throw new InputError(
      `${times} has ${csv.length.toLocaleString('en')} characters; at most ${MOST_TIMES.toLocaleString('en')} are taken. Round the seconds, and leave folders out.`,
    );
  return { hardware, csv };
}

export const submit: Command = {
  name: 'submit',
  takes: 'FILE',
  help: 'Uploads predictions to the site and submits them. Started again after an interruption, it goes on where it was.',
  details: SLOTS_IN_WORDS,
  example: 'livecell submit --method "My model" --wait predictions.json.gz',
  options: {
    task: TASK_OPTION,
    method: { type: 'string', value: 'NAME', help: 'name on the leaderboard; used again: its next version' },
    'method-id': { type: 'string', value: 'ID', help: 'instead of --method: of the address of its page' },
    team: { type: 'string', value: 'TEAM', help: 'submit for a team of yours: its name or id' },
    'slot-file': { type: 'string', value: 'SLOT=FILE', help: 'for tasks with several files', multiple: true },
    also: { type: 'string', value: 'TASK', help: 'submit the same files to this task as well', multiple: true },
    'score-threshold': SCORE_THRESHOLD,
    'any-category': ANY_CATEGORY,
    dataset: { type: 'string', value: 'NAME', help: "default: the task's current ground truth" },
    description: { type: 'string', value: 'TEXT', help: 'what the method is' },
    'paper-url': { type: 'string', value: 'URL', help: 'the paper' },
    'code-url': { type: 'string', value: 'URL', help: 'the code' },
    'training-data': { type: 'string', value: 'TEXT', help: 'what it was trained on' },
    exposure: { type: 'string', value: 'WHAT', help: `what it had seen of LIVECell: ${EXPOSURES.join(', ')}` },
    times: { type: 'string', value: 'FILE', help: 'CSV image,seconds: how long each image took; needs --hardware' },
    hardware: { type: 'string', value: 'TEXT', help: 'what the times were measured on' },
    'test-images-seen': { type: 'boolean', help: 'test images were seen in training' },
    ...SHARING_OPTIONS,
    publish: { type: 'boolean', help: 'ask to publish; a maintainer decides' },
    wait: { type: 'boolean', help: 'wait for the score and print the report; with --also, of each task' },
    server: SERVER_OPTION,
    token: TOKEN_OPTION,
    json: JSON_OPTION,
  },
  async run(values, files, out) {
    const task = openTask(values.task);
    if (!values.method?.trim() && !values['method-id'])
      throw new CallError('--method is missing: the name to show on the leaderboard.');
    const scoreThreshold = parseThreshold(task, values['score-threshold']);
    const given = await slotFiles(task, [...files, ...(values['slot-file'] ?? [])], undefined);
    const site = await openSite(values);
    for (const file of given) await lookBefore(file, task, out);

    const details: Details = {
      task: task.id,
      method: values.method,
      methodId: values['method-id'],
      team: values.team,
      dataset: values.dataset,
      description: values.description,
      paperUrl: values['paper-url'],
      codeUrl: values['code-url'],
      trainingData: values['training-data'],
      testImagesSeen: values['test-images-seen'],
      exposure: parseExposure(values.exposure),
      times: await readTimesFile(task, values),
      ...parseSharing(values),
      anyCategory: values['any-category'],
      visibility: values.publish ? 'pending' : 'private',
      also: values.also,
    };
    const name = await nameOfCall(site, given, { ...details, scoreThreshold });
    // an earlier run of this command may have submitted without hearing the answer
    const lost = (await readCalls())[name];
    let created = lost ? await send(site, lost).catch(ignoreRefusal) : null;
    if (!created) {
      await requireWelcome(site, [task.id, ...(values.also ?? [])], given, values);
      const files: Call['body']['files'] = [];
      for (const file of given)
        files.push({ slot: file.slot, upload: await upload(site, file, task.id, out), scoreThreshold });
      const call: Call = { key: randomUUID(), at: Date.now(), body: { ...details, files } };
      await rememberCall(name, call);
      created = await send(site, call).catch(async (error) => {
        if (error instanceof InputError) await rememberCall(name, null);
        throw error;
      });
    }
    await rememberCall(name, null);
    const { id, also = [] } = created;
    for (const other of also)
      out.note(`Also submitted to ${other.task}, ${other.dataset}: ${site.url}/submissions/${other.id}`);
    // used by the submission: sending the same file again is a new upload
    for (const file of given) await forget(site, file);

    const address = `${site.url}/submissions/${id}`;
    if (!values.wait) {
      const { state } = await site.call<SubmissionBody>('GET', `/api/v1/submissions/${id}`);
      out.document({ id, state, url: address, ...(also.length > 0 && { also }) });
      out.print(`Submitted: ${address}`);
      return;
    }
    out.note(`Submitted: ${address}`);
    const submission = await followSubmission(site, id, out);
    const others: Other[] = [];
    for (const other of also)
      others.push({
        task: other.task,
        dataset: other.dataset,
        id: other.id,
        url: `${site.url}/submissions/${other.id}`,
        submission: await followSubmission(site, other.id, out),
      });
    printOutcome(submission, others, out);
  },
};

/** Look at the ends of a file before it is sent. @throws InputError if it is no predictions at all */
async function lookBefore({ path }: SlotFile, task: Task, out: Output): Promise<void> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const read = async (from: number) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(LOOK_BYTES), 0, LOOK_BYTES, from);
      return buffer.subarray(0, bytesRead);
    };
    const start = await read(0);
    const { problem } = await sniff(start.subarray(0, 64 * 1024), task.kind.filesAre);
    const end = await read(Math.max(start.length, size - LOOK_BYTES));
    const found = problem ? { problem } : await lookAtOnce(start, end);
    if (found.problem) throw new InputError(`${path}: ${found.problem.message}`);
    if ('remark' in found && found.remark) out.note(`warning: ${path}: ${found.remark}`);
  } finally {
    await file.close();
  }
}

/** Check before uploading that the tasks accept submissions, files of this size, and one more submission. */
async function requireWelcome(
  site: Site,
  tasks: readonly string[],
  files: readonly SlotFile[],
  { dataset, team }: Values,
): Promise<void> {
  // a token for submitting only cannot ask; then the site reports problems at the first upload
  const { tasks: known } = await site.call<TaskList>('GET', '/api/v1/tasks').catch((error) => {
    if (error instanceof UnavailableError) throw error;
    return { tasks: [] };
  });
  const sizes = await Promise.all(files.map(async ({ path }) => [path, (await stat(path)).size] as const));
  for (const task of known.filter(({ id }) => tasks.includes(id))) {
    const { name, open, closedReason, limits } = task;
    if (!open) throw new InputError(`${name} takes no submissions at the moment: ${closedReason}`);
    for (const [path, size] of sizes)
      if (size > limits.bytes)
        throw new InputError(`${path} has ${bytes(size)}; ${name} takes at most ${bytes(limits.bytes)}.`);
    // a team given by name is left to the site, like everything the list does not contain
    const places = task.places?.find((place) => place.team === (team ?? null));
    const demo = task.datasets.find((set) => set.name === (dataset ?? task.dataset))?.demo;
    if (places?.left === 0 && demo === false)
      throw new InputError(
        `No place is left in ${name}: ${places.charged} of ${places.limit} scored in ${task.quota.days} days, ${places.reserved} more without a score yet.${places.nextSlotAt ? ` Next slot at ${places.nextSlotAt}.` : ''}`,
      );
  }
}

function describeProgress({ state, queuePosition, progress }: SubmissionBody): string {
  if (state === 'queued' && queuePosition) return `queued, number ${queuePosition} in line`;
  return progress ? `${progress.phase} ${Math.round(progress.fraction * 100)} %` : state;
}

/** Poll the submission until it no longer changes by itself. */
async function followSubmission(site: Site, id: string, out: Output): Promise<SubmissionBody> {
  for (;;) {
    const submission = await site.call<SubmissionBody>('GET', `/api/v1/submissions/${id}`);
    if (isFinal(submission.state)) return submission;
    out.step(describeProgress(submission));
    await sleep(POLL_MILLISECONDS);
  }
}

/** Result of the same files in another task. */
interface Other {
  task: string;
  dataset: string;
  id: string;
  url: string;
  submission: SubmissionBody;
}

/** Print every report, then any problems. */
function printOutcome(submission: SubmissionBody, others: readonly Other[], out: Output): void {
  const all = [submission, ...others.map((other) => other.submission)];
  const also = others.map(({ submission: { state, report, problems }, ...about }) => ({
    ...about,
    state,
    report,
    ...(problems.length > 0 && { problems }),
  }));
  const { state, report, problems, warnings } = submission;
  const own = report ?? (state === 'rejected' ? { problems, warnings } : null);
  if (own || also.length > 0) out.document({ ...own, ...(also.length > 0 && { also }) });
  const reports = all.flatMap((one) => one.report ?? []);
  if (reports.length > 0) out.print(reports.map(reportTable).join('\n\n'));
  if (!out.json) out.warnings(reports.flatMap((one) => one.warnings));
  for (const one of all) {
    const wrong = mistake(one);
    if (!wrong) continue;
    if (also.length > 0) out.note(`${one.task}, ${one.dataset}:`);
    throw wrong;
  }
}

/** Return why there is no report; null if there is one. */
function mistake({ state, report, problems, failure }: SubmissionBody): Error | null {
  if (state === 'rejected') return new InputError(...problems.map(problemLine));
  if (state === 'withdrawn') return new InputError('The submission was withdrawn.');
  if (state === 'failed' || !report) return new UnavailableError(failure ?? 'The site could not score the file.');
  return null;
}

// --- calls whose answer may be lost ---

type Details = Partial<Omit<NewSubmission, 'files' | 'anonymousUntil'>> & Pick<NewSubmission, 'task'>;

/** A submission as it was asked for. */
interface Call {
  /** the site answers a repetition with the same key like the first call */
  key: string;
  /** in milliseconds since 1970 */
  at: number;
  body: Details & { files: { slot: string; upload: string; scoreThreshold?: number }[] };
}

/** How long a call is remembered: less than the site remembers its key, in milliseconds. */
const CALL_KEPT = 20 * 24 * 3600_000;

const callsFile = async () => join(await cacheFolder(), 'submitting.json');

/** Name a call by site, person, details and the contents of its files. */
async function nameOfCall(site: Site, files: readonly SlotFile[], details: object): Promise<string> {
  const digests: string[] = [];
  for (const { slot, path } of files) digests.push(`${slot} ${await sha256(path)}`);
  return createHash('sha256')
    .update(JSON.stringify([site.url, site.token, details, digests.sort()]))
    .digest('hex');
}

/** Return the calls of earlier runs that had no answer. */
async function readCalls(): Promise<Record<string, Call | undefined>> {
  try {
    const calls = JSON.parse(await readFile(await callsFile(), 'utf8')) as Record<string, Call>;
    return Object.fromEntries(Object.entries(calls).filter(([, { at }]) => Date.now() - at < CALL_KEPT));
  } catch {
    return {}; // there are none, or a crash left half a file
  }
}

async function rememberCall(name: string, call: Call | null): Promise<void> {
  const { [name]: before, ...others } = await readCalls();
  if (!call && !before) return;
  await writeFile(await callsFile(), JSON.stringify(call ? { ...others, [name]: call } : others), { mode: 0o600 });
}

/** Submit. The site recognises a repetition by its key. */
const send = (site: Site, { key, body }: Call) => site.call<Created>('POST', '/api/v1/submissions', body, key);

/** The site did not get the call, or its uploads are gone: begin anew. */
function ignoreRefusal(error: unknown): null {
  if (error instanceof InputError) return null;
  throw error;
}

// --- uploading ---

/** State kept between calls, so that an interrupted upload can resume: the address of each file's upload. */
const cacheFile = async () => join(await cacheFolder(), 'uploads.json');

async function cacheFolder(): Promise<string> {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'livecell');
  await mkdir(folder, { recursive: true });
  return folder;
}

async function urlStorage() {
  // the types are those of the browser's build, which has no such class
  const { FileUrlStorage } = (await import('tus-js-client')) as unknown as {
    FileUrlStorage: new (path: string) => import('tus-js-client').UrlStorage;
  };
  const path = await cacheFile();
  // a file left half written by a crash must not stop later uploads
  await readFile(path, 'utf8')
    .then(JSON.parse)
    .catch(() => writeFile(path, '{}', { mode: 0o600 }));
  return new FileUrlStorage(path);
}

/** Includes the slot: the same file in two slots is two uploads. */
const fingerprint = (site: Site, slot: string, sha256: string) =>
  createHash('sha256').update(`${site.url} ${site.token} ${slot} ${sha256}`).digest('hex');

const digests = new Map<string, string>();

async function sha256(path: string): Promise<string> {
  const known = digests.get(path);
  if (known) return known;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  const digest = hash.digest('hex');
  digests.set(path, digest);
  return digest;
}

async function upload(site: Site, { slot, path }: SlotFile, task: string, out: Output): Promise<string> {
  const tus = await import('tus-js-client');
  const size = (await stat(path)).size;
  if (size === 0) throw new InputError(`${path} is empty.`);
  const digest = await sha256(path);
  const store = await urlStorage();
  const name = basename(path);
  const started = Date.now();
  let resumedAt: number | null = null;

  return await new Promise<string>((resolve, reject) => {
    // in Node it takes a stream, but its types are those of the browser's build
    const file = createReadStream(path) as unknown as Blob;
    const sending = new tus.Upload(file, {
      endpoint: `${site.url}/api/uploads`,
      headers: { authorization: `Bearer ${site.token}` },
      metadata: { filename: name, sha256: digest, task },
      chunkSize: CHUNK_BYTES,
      retryDelays: [500, 1000, 2000, 4000, 8000, 15000, 30000],
      urlStorage: store,
      fingerprint: async () => fingerprint(site, slot, digest),
      storeFingerprintForResuming: true,
      removeFingerprintOnSuccess: false,
      onShouldRetry: (error) => {
        const status = error.originalResponse?.getStatus() ?? 0;
        // 460: a piece was damaged in transit; 409 and 423: the server is still busy with the previous piece
        return status === 0 || status >= 500 || [409, 423, 460].includes(status);
      },
      onProgress: (sent, total) => {
        resumedAt ??= sent;
        const rate = ((sent - resumedAt) / Math.max(1, Date.now() - started)) * 1000;
        const left = rate > 0 ? `, ${seconds((total - sent) / rate)} left` : '';
        out.step(`uploading ${name}: ${bytes(sent)} of ${bytes(total)}, ${bytes(rate)}/s${left}`);
      },
      onError: (error) => reject(uploadError(error, site, name)),
      onSuccess: () => resolve(sending.url?.split('/').at(-1) ?? ''),
    });
    sending
      .findPreviousUploads()
      .then(([before]) => {
        if (before) {
          out.note(`Going on with the interrupted upload of ${name}.`);
          sending.resumeFromPreviousUpload(before);
        }
        sending.start();
      })
      .catch(reject);
  });
}

async function forget(site: Site, { slot, path }: SlotFile): Promise<void> {
  const store = await urlStorage();
  for (const { urlStorageKey } of await store.findUploadsByFingerprint(fingerprint(site, slot, await sha256(path))))
    await store.removeUpload(urlStorageKey);
}

function uploadError(error: Error, site: Site, name: string): Error {
  const response = (error as Partial<import('tus-js-client').DetailedError>).originalResponse;
  if (response) return refusal(response.getStatus(), response.getBody(), site.url);
  const code = /E[A-Z]{4,}/.exec(error.message)?.[0];
  return new UnavailableError(
    `The upload of ${name} was interrupted${code ? ` (${code})` : ''}. Run the same command again: it goes on where it stopped.`,
  );
}
