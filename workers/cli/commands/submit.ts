/** `livecell submit`: uploads over tus, resumes interrupted uploads, and follows the submission until it is scored. */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bytes, seconds } from '#lib/format.ts';
import type { Created, SubmissionBody, TaskList } from '#lib/http/api.ts';
import type { Problem } from '#lib/problems.ts';
import {
  CallError,
  type Command,
  InputError,
  JSON_OPTION,
  type Output,
  problemLine,
  type Values,
} from '#workers/cli/command.ts';
import { reportTable } from '#workers/cli/report-table.ts';
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
import { runningSite } from '#workers/run-file.ts';

/** Stays within the 300 seconds Node allows a request, even on a slow line: 50 MB in five minutes is 1.4 Mbit/s. */
const CHUNK_BYTES = 50_000_000;
const POLL_MILLISECONDS = 700;

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
    'test-images-seen': { type: 'boolean', help: 'test images were seen in training' },
    publish: { type: 'boolean', help: 'ask to publish; a maintainer decides' },
    wait: { type: 'boolean', help: 'wait for the score and print the report; with --also, of each task' },
    server: { type: 'string', value: 'URL', help: 'or LIVECELL_SERVER; default: the site running on this machine' },
    token: { type: 'string', value: 'TOKEN', help: 'or LIVECELL_TOKEN; made on your account page' },
    json: JSON_OPTION,
  },
  async run(values, files, out) {
    const task = openTask(values.task);
    if (!values.method?.trim() && !values['method-id'])
      throw new CallError('--method is missing: the name to show on the leaderboard.');
    const scoreThreshold = parseThreshold(task, values['score-threshold']);
    const given = await slotFiles(task, [...files, ...(values['slot-file'] ?? [])], undefined);
    const site = new Site(await findServer(values), findToken(values));

    await requireWelcome(site, [task.id, ...(values.also ?? [])], given, values);

    const uploads: { slot: string; upload: string; scoreThreshold?: number }[] = [];
    for (const file of given)
      uploads.push({ slot: file.slot, upload: await upload(site, file, task.id, out), scoreThreshold });
    const { id, also = [] } = await site.call<Created>('POST', '/api/v1/submissions', {
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
      anyCategory: values['any-category'],
      visibility: values.publish ? 'pending' : 'private',
      files: uploads,
      also: values.also,
    });
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
    const submission = await follow(site, id, out);
    const others: Other[] = [];
    for (const other of also)
      others.push({
        task: other.task,
        dataset: other.dataset,
        id: other.id,
        url: `${site.url}/submissions/${other.id}`,
        submission: await follow(site, other.id, out),
      });
    finish(submission, others, out);
  },
};

/** Check before uploading that the tasks accept submissions, files of this size, and one more submission. */
async function requireWelcome(
  site: Site,
  tasks: readonly string[],
  files: readonly SlotFile[],
  { dataset, team }: Values,
): Promise<void> {
  // a token for submitting only cannot ask; then the site reports problems at the first upload
  const { tasks: known } = await site.call<TaskList>('GET', '/api/v1/tasks').catch(() => ({ tasks: [] }));
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
async function follow(site: Site, id: string, out: Output): Promise<SubmissionBody> {
  const { isFinal } = await import('#lib/http/api.ts');
  for (;;) {
    const submission = await site.call<SubmissionBody>('GET', `/api/v1/submissions/${id}`);
    if (isFinal(submission.state)) return submission;
    out.progress(describeProgress(submission));
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
function finish(submission: SubmissionBody, others: readonly Other[], out: Output): void {
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
  if (state === 'failed' || !report) return new Error(failure ?? 'the site could not score the file');
  return null;
}

// --- the site ---

async function findServer(values: Values): Promise<string> {
  const given = values.server ?? process.env.LIVECELL_SERVER ?? (await runningSite())?.siteUrl;
  if (!given)
    throw new CallError(
      'No site is running on this machine: give --server or LIVECELL_SERVER, or start one with "npm start".',
    );
  if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol))
    throw new CallError(`--server must be an address such as https://example.org, not “${given}”.`);
  return given.replace(/\/+$/, '');
}

function findToken(values: Values): string {
  const token = values.token ?? process.env.LIVECELL_TOKEN;
  if (!token)
    throw new CallError(
      'A token is needed: --token or LIVECELL_TOKEN. Your account page makes one, or "livecell token create".',
    );
  return token;
}

class Site {
  readonly url: string;
  readonly token: string;

  constructor(url: string, token: string) {
    this.url = url;
    this.token = token;
  }

  /** @typeParam T what the site answers, as `lib/http/api.ts` has it: not parsed, so that a newer site may add to it */
  async call<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
    const response = await this.#fetch(method, path, body);
    const text = await response.text();
    if (response.ok) return JSON.parse(text) as T;
    throw refusal(response.status, text, this.url);
  }

  /** Retry GET requests, which is safe: a restarting site is back within seconds. */
  async #fetch(method: string, path: string, body: unknown): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await fetch(this.url + path, {
          method,
          headers: {
            authorization: `Bearer ${this.token}`,
            ...(body !== undefined && { 'content-type': 'application/json' }),
          },
          body: body === undefined ? undefined : JSON.stringify(body),
        });
        if (method !== 'GET' || response.status < 502 || attempt === 5) return response;
      } catch (cause) {
        if (method !== 'GET' || attempt === 5) throw new InputError(`${this.url} does not answer.`);
        void cause;
      }
      await sleep(attempt * 1000);
    }
  }
}

/** Turn an error response, application/problem+json, into an error. */
function refusal(status: number, text: string, url: string): Error {
  let body: { detail?: string; problems?: Problem[]; fields?: Record<string, string> } = {};
  try {
    body = JSON.parse(text);
  } catch {
    // a proxy's own page
  }
  if (status >= 500) return new Error(body.detail ?? `${url} answers ${status}`);
  const lines = [
    ...(body.problems ?? []).map(problemLine),
    ...Object.entries(body.fields ?? {}).map(([field, reason]) => `${field}: ${reason}`),
  ];
  return new InputError(...(lines.length > 0 ? lines : [body.detail ?? `${url} answers ${status}.`]));
}

// --- uploading ---

/** State kept between calls, so that an interrupted upload can resume: the address of each file's upload. */
function cacheFile(): Promise<string> {
  const dir = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'livecell');
  return mkdir(dir, { recursive: true }).then(() => join(dir, 'uploads.json'));
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
        out.progress(`uploading ${name}: ${bytes(sent)} of ${bytes(total)}, ${bytes(rate)}/s${left}`);
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
  return new InputError(
    `The upload of ${name} was interrupted${code ? ` (${code})` : ''}. Run the same command again: it goes on where it stopped.`,
  );
}
