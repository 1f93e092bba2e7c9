/**
 * Writes the whole public site as files that need no server: HTML to read, JSON as the API answers it, CSV for
 * spreadsheets, with a manifest of digests that the site signs. Only the public form of everything goes in.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { boardAnswer } from '#db/board/answer.ts';
import { listScoreChanges } from '#db/board/change-log.ts';
import { chartsOf, noteOf } from '#db/board/charts.ts';
import { datasetBody } from '#db/board/dataset-body.ts';
import { entryBody, receiptOf } from '#db/board/entry-body.ts';
import { imagesOfEntry } from '#db/board/entry-images.ts';
import { getSnapshot, listSnapshots, snapshotBody } from '#db/board/snapshots.ts';
import { listDatasets } from '#db/datasets/datasets.ts';
import { readPublishedNumbers } from '#db/datasets/ledger.ts';
import { entryOf, listPublicIds } from '#db/submissions/entries.ts';
import { getSubmission } from '#db/submissions/submissions.ts';
import { listTombstones } from '#db/submissions/tombstones.ts';
import { changesToCsv } from '#lib/board/changes-csv.ts';
import { toBibtex, toCsv } from '#lib/board/export.ts';
import { imagesToCsv } from '#lib/board/image-tables.ts';
import { chartToCsv, chartToSvg } from '#lib/charts/svg.ts';
import { PROTOCOL_IDS, PROTOCOLS } from '#lib/coco/protocol.ts';
import { readCsv } from '#lib/csv.ts';
import { AppError } from '#lib/errors.ts';
import { day, bytes as inBytes, integer, moment } from '#lib/format.ts';
import type { ChartQuery, SubmissionBody } from '#lib/http/api.ts';
import { publishedKeys, signReceipt } from '#lib/receipt-keys.ts';
import { citationOf, REDACTION_WORDS } from '#lib/snapshots.ts';
import { boardColumns, headlineColumn } from '#lib/tasks/board-columns.ts';
import { columnName, columnNumber, fillLimits, formatNumber } from '#lib/tasks/columns.ts';
import { listOpenTasks, parseTask } from '#lib/tasks/index.ts';
import type { Task } from '#lib/tasks/task.ts';
import { fateInWords } from '#lib/tombstone.ts';
import { type Html, html, outside, page, STYLE, table } from './html.ts';
import { MANIFEST, type Manifest } from './manifest.ts';

export interface Exported {
  folder: string;
  files: number;
  bytes: number;
  entries: number;
  snapshots: number;
}

/** Files of a copy while it is written, with their digests. */
class Copy {
  readonly files: Manifest['files'] = [];
  readonly folder: string;
  readonly site: string;
  readonly madeAt: Date;

  constructor(folder: string, site: string, madeAt: Date) {
    this.folder = folder;
    this.site = site;
    this.madeAt = madeAt;
  }

  async write(path: string, content: string): Promise<void> {
    const target = join(this.folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
    const bytes = Buffer.byteLength(content);
    this.files.push({ path, bytes, sha256: createHash('sha256').update(content).digest('hex') });
  }

  json(path: string, value: unknown): Promise<void> {
    return this.write(path, `${JSON.stringify(value, null, 1)}\n`);
  }

  html(path: string, title: string, body: Html): Promise<void> {
    return this.write(path, page({ path, title, site: this.site, madeAt: this.madeAt }, body));
  }
}

/**
 * Write a copy of the public site. An earlier copy in the folder is replaced when the new one is complete.
 *
 * @param site the site's address, for links back; '' if it has none
 * @throws AppError `conflict` if the folder holds something else
 */
export async function exportSite(
  folder: string,
  { site, now = new Date() }: { site: string; now?: Date },
): Promise<Exported> {
  const target = resolve(folder);
  await requireOurs(target);
  const part = `${target}.part`;
  const lock = `${target}.lock`;
  await takeLock(lock);
  try {
    await rm(part, { recursive: true, force: true });
    await mkdir(part, { recursive: true });
    const copy = new Copy(part, site, now);
    const written = await writeAll(copy);
    const manifest = await signReceipt({
      schema: 1 as const,
      site,
      madeAt: now.toISOString(),
      files: copy.files.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    });
    await writeFile(join(part, MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`);
    const old = `${target}.old`;
    await rm(old, { recursive: true, force: true });
    if (existsSync(target)) await rename(target, old);
    await rename(part, target);
    await rm(old, { recursive: true, force: true });
    const bytes = copy.files.reduce((sum, file) => sum + file.bytes, 0);
    return { folder: target, files: copy.files.length + 1, bytes, ...written };
  } finally {
    await rm(part, { recursive: true, force: true });
    await rm(lock, { force: true });
  }
}

/** Two exports at once would mix; a lock that is an hour old was left by a crash. */
async function takeLock(lock: string): Promise<void> {
  await mkdir(dirname(lock), { recursive: true });
  const age = await stat(lock).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => null,
  );
  if (age !== null && age > 3_600_000) await rm(lock, { force: true });
  try {
    await (await open(lock, 'wx')).close();
  } catch (cause) {
    throw new AppError('conflict', `Another export is being written (${lock}).`, { cause, details: { busy: true } });
  }
}

async function requireOurs(target: string): Promise<void> {
  const there: string[] = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (there.length > 0 && !there.includes(MANIFEST))
    throw new AppError('conflict', `${target} holds other files. Name a new folder, or one with an earlier copy.`);
}

/** Write a copy unless the folder has one of today (UTC). A chore of the scoring process. */
export async function exportDaily(
  folder: string,
  { site, now = new Date() }: { site: string; now?: Date },
): Promise<Exported | null> {
  const last = await copyMadeAt(folder);
  if (last && last.toISOString().slice(0, 10) >= now.toISOString().slice(0, 10)) return null;
  return exportSite(folder, { site, now });
}

/** When a folder's copy was made; null without one. */
async function copyMadeAt(folder: string): Promise<Date | null> {
  try {
    const { madeAt } = JSON.parse(await readFile(join(resolve(folder), MANIFEST), 'utf8')) as Manifest;
    return new Date(madeAt);
  } catch {
    return null;
  }
}

async function writeAll(copy: Copy): Promise<{ entries: number; snapshots: number }> {
  await copy.write('style.css', STYLE);
  const bodies = await writeEntries(copy);
  await writeTombstones(copy);
  await writeMethods(copy, bodies);
  const boards = await writeBoards(copy, new Set(bodies.map(({ id }) => id)));
  const sets = await writeDatasets(copy);
  const snapshots = await writeSnapshots(copy);
  await writeChanges(copy, bodies);
  await writeLedger(copy);
  await writeProtocols(copy);
  await copy.json('keys.json', { keys: await publishedKeys() });
  await writeAbout(copy);
  await copy.html(
    'index.html',
    'LIVECell benchmark',
    html`<p>Methods for segmenting live cells, compared on LIVECell: the public part of a benchmark site as plain files, to be read, cited and checked without it.</p>
<h2>Boards</h2>
${boards.length === 0 ? html`<p>There was no board yet.</p>` : html`<ul>${boards}</ul>`}
<h2>More</h2>
<ul>
<li><a href="entries/index.html">Entries</a>: ${integer(bodies.length)}</li>
<li><a href="snapshots/index.html">Snapshots of boards</a>: ${integer(snapshots)}</li>
<li><a href="changes.html">Every score ever shown</a></li>
<li><a href="datasets/index.html">Data sets</a>: ${integer(sets)}</li>
<li><a href="published.html">Numbers that papers report</a></li>
<li><a href="protocols.html">Protocols of scoring</a></li>
<li><a href="about.html">About this copy</a></li>
</ul>`,
  );
  return { entries: bodies.length, snapshots };
}

/** Return a name for files: readable, and another one for every name. */
function slug(name: string): string {
  const words = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return `${words.slice(0, 40) || 'set'}-${createHash('sha256').update(name).digest('hex').slice(0, 6)}`;
}

// --- boards ---

async function writeBoards(copy: Copy, entries: ReadonlySet<string>): Promise<Html[]> {
  const links: Html[] = [];
  for (const task of listOpenTasks())
    for (const dataset of await listDatasets({ task: task.id })) {
      const views: Html[] = [];
      for (const protocol of task.kind.protocols)
        for (const evaluation of task.kind.evaluations) {
          const query = { task: task.id, dataset: dataset.name, protocol, evaluation };
          const { rows, answer } = await boardAnswer({
            ...query,
            sort: headlineColumn(task),
            ranges: true,
            metrics: true,
          });
          if (!rows.some(({ kind }) => kind === 'entry')) continue;
          const path = `boards/${task.id}/${slug(dataset.name)}/${protocol}-${evaluation}`;
          const view = { task, dataset: dataset.name, protocol, evaluation, cellType: null, site: copy.site };
          await copy.json(`${path}.json`, { ...answer, total: rows.length, next: null, rows });
          await copy.write(`${path}.csv`, toCsv(rows, view));
          await copy.write(`${path}.bib`, toBibtex(rows, view));
          const charts = await writeCharts(copy, path, query);
          const columns = boardColumns(task).filter(({ key }) => rows.some(({ values }) => values[key] !== undefined));
          const what = evaluation === 'segm' ? 'masks' : 'boxes';
          const name = task.kind.evaluated ? `${PROTOCOLS[protocol].name}, ${what}` : 'Board';
          const file = `${protocol}-${evaluation}`;
          await copy.html(
            `${path}.html`,
            `${task.name} on ${dataset.name}`,
            html`<p>${name}.${answer.verdict && ` ${answer.verdict}`}${dataset.demo && ' Synthetic demo data.'}</p>
<p>As <a href="${file}.json">JSON</a>, <a href="${file}.csv">CSV</a> or <a href="${file}.bib">BibTeX</a>, with every digit.</p>
${table(
  name,
  [
    'Rank',
    'Rank on other fields',
    'Method',
    'Submitter',
    ...columns.map((column) => fillLimits(columnName(column), protocol)),
    'Published',
  ],
  rows.map((row) => [
    row.rank ?? '–',
    row.rankRange ? row.rankRange.join(' to ') : '–',
    entries.has(row.id)
      ? html`<a href="../../../entries/${row.id}.html">${row.method}</a>`
      : `${row.method} (as published)`,
    row.team ?? row.submitter ?? '–',
    ...columns.map((column) => formatNumber(column, row.values[column.key])),
    row.publishedAt ? day(row.publishedAt) : '–',
  ]),
)}
${charts}`,
          );
          views.push(html` <a href="${path}.html">${name}</a>`);
        }
      if (views.length > 0)
        links.push(
          html`<li>${task.name} on ${dataset.name}${dataset.demo && ' (demo)'}:${views.flatMap((view, i) => (i ? [',', view] : [view]))}</li>\n`,
        );
    }
  return links;
}

/** Write the charts that a board shows first as SVG and CSV; return them as they stand on its page. */
async function writeCharts(
  copy: Copy,
  path: string,
  query: { task: string; dataset: string } & Pick<ChartQuery, 'protocol' | 'evaluation'>,
): Promise<Html[]> {
  const { charts, source } = await chartsOf(query.task, query);
  const drawn: Html[] = [];
  for (const [k, chart] of charts.entries()) {
    const { series } = chart;
    const { task, ...view } = query;
    const note = noteOf(
      source,
      `${copy.site}/charts/${task}?${new URLSearchParams({ ...view, chart: String(k) })}`,
      copy.madeAt,
    );
    const name = `${path}-chart-${k}`;
    await copy.write(`${name}.svg`, chartToSvg(chart, note));
    await copy.write(`${name}.csv`, chartToCsv(chart, note));
    const file = name.split('/').at(-1)!;
    drawn.push(
      html`<figure><img src="${file}.svg" alt="${`${series.title}. ${series.sentence}`}" width="820" height="520"><figcaption><a href="${file}.csv">Numbers as CSV</a></figcaption></figure>\n`,
    );
  }
  return drawn;
}

// --- entries ---

async function writeEntries(copy: Copy): Promise<SubmissionBody[]> {
  const bodies: SubmissionBody[] = [];
  for (const id of await listPublicIds()) {
    const submission = await getSubmission(id);
    if (!submission) continue;
    const body = await entryBody('public', submission);
    await copy.json(`entries/${id}.json`, body);
    if (body.report) {
      const receipt = await receiptOf(entryOf(submission, 'public'), submission.dataset, copy.site);
      await copy.json(`entries/${id}-receipt.json`, receipt);
    }
    const images = await imagesOfEntry(submission);
    const ofImages = typeof images === 'string' ? null : imagesToCsv(images.rows);
    if (ofImages) await copy.write(`entries/${id}-images.csv`, ofImages);
    await copy.html(`entries/${id}.html`, body.method, describeEntry(body, ofImages !== null));
    bodies.push(body);
  }
  await copy.html(
    'entries/index.html',
    'Entries',
    table(
      'Published entries',
      ['Method', 'Task', 'Data set', 'Submitter', 'Published'],
      bodies.map((body) => [
        html`<a href="${body.id}.html">${body.method}</a>`,
        parseTask(body.task)?.name ?? body.task,
        body.dataset,
        body.team ?? body.submitter ?? '–',
        body.publishedAt ? day(new Date(body.publishedAt)) : '–',
      ]),
    ),
  );
  return bodies;
}

function describeEntry(body: SubmissionBody, images: boolean): Html {
  const task = parseTask(body.task);
  const facts: [string, Html | string][] = [
    ['Task', task?.name ?? body.task],
    ['Data set', body.dataset],
    ['Submitter', body.anonymous ? 'anonymous' : (body.team ?? body.submitter ?? 'not named')],
    ...(body.authors ? ([['Authors', body.authors]] as [string, string][]) : []),
    ['Paper', outside(body.paperUrl)],
    ['Code', outside(body.codeUrl)],
    ['Trained on', body.trainingData || 'not stated'],
    ['Test images seen in training', body.testImagesSeen ? 'yes' : 'no'],
    ['Published', body.publishedAt ? moment(new Date(body.publishedAt)) : '–'],
    ['Evaluator', body.report?.evaluator.version ?? '–'],
  ];
  return html`${body.demo && html`<p class="note">A demo entry on synthetic data.</p>`}
${body.leftBehind && html`<p class="note">On no board: it could not be scored again after a change of evaluator or ground truth.</p>`}
${body.description && html`<p>${body.description}</p>`}
${table(
  'About the entry',
  ['', ''],
  facts.map(([name, value]) => [name, value]),
)}
${task && numbersOf(body, task)}
<h2>Files</h2>
${table(
  'Digests of what was scored',
  ['Slot', 'Size', 'SHA-256'],
  body.files.map(({ slot, bytes, sha256 }) => [slot, inBytes(bytes), html`<code>${sha256}</code>`]),
)}
<p>Everything as <a href="${body.id}.json">JSON</a>, as the API answers it${body.report ? html`; the signed <a href="${body.id}-receipt.json">receipt</a>` : ''}${images && html`; <a href="${body.id}-images.csv">every image</a> as CSV`}.${
    body.methodId ? html` <a href="../methods/${body.methodId}.html">Versions of this method</a>.` : ''
  }</p>`;
}

function numbersOf({ reports, dataset }: SubmissionBody, task: Task): Html {
  const columns = boardColumns(task);
  const rows = PROTOCOL_IDS.flatMap((protocol) => {
    const report = reports[protocol];
    if (!report) return [];
    return task.kind.evaluations.flatMap((evaluation) => {
      const view = { protocol, evaluation, dataset: task.slotsAreDatasets ? dataset : undefined };
      const numbers = columns.map((column) => columnNumber(column, report.results, view));
      if (numbers.every((number) => number === undefined || number === null)) return [];
      const what = task.kind.evaluated ? (evaluation === 'segm' ? 'masks' : 'boxes') : '';
      return [[PROTOCOLS[protocol].name, what, ...numbers.map((number, i) => formatNumber(columns[i], number))]];
    });
  });
  return html`<h2>Numbers</h2>
${table('Numbers by protocol', ['Protocol', '', ...columns.map(columnName)], rows)}`;
}

async function writeTombstones(copy: Copy): Promise<void> {
  for (const tombstone of await listTombstones()) {
    const { id, method, dataset, task, what, reason, at } = tombstone;
    await copy.json(`entries/${id}.json`, { id, method, task, dataset, what, reason, at: at.toISOString() });
    await copy.html(
      `entries/${id}.html`,
      method,
      html`<p class="note">${fateInWords(tombstone)}.</p>
<p>This entry was on the board of ${parseTask(task)?.name ?? task}, ${dataset}. Its scores are no longer shown; <a href="../snapshots/index.html">snapshots</a> keep what was public on their days.</p>`,
    );
  }
}

async function writeMethods(copy: Copy, bodies: readonly SubmissionBody[]): Promise<void> {
  const methods = Map.groupBy(
    bodies.filter(({ methodId }) => methodId !== null),
    ({ methodId }) => methodId!,
  );
  for (const [id, versions] of methods)
    await copy.html(
      `methods/${id}.html`,
      versions[0].method,
      table(
        'Published versions',
        ['Version', 'Task', 'Data set', 'Published'],
        versions.map((body) => [
          html`<a href="../entries/${body.id}.html">${body.version ?? 1}</a>`,
          parseTask(body.task)?.name ?? body.task,
          body.dataset,
          body.publishedAt ? day(new Date(body.publishedAt)) : '–',
        ]),
      ),
    );
}

// --- what else is public ---

async function writeDatasets(copy: Copy): Promise<number> {
  const sets = await listDatasets();
  for (const dataset of sets) {
    const told = await datasetBody(dataset);
    await copy.json(`datasets/${slug(dataset.name)}.json`, told);
    await copy.html(
      `datasets/${slug(dataset.name)}.html`,
      dataset.name,
      html`${table(
        'About the data set',
        ['', ''],
        [
          ['Task', parseTask(dataset.task)?.name ?? dataset.task],
          ['Split', dataset.split ?? 'not stated'],
          ['Images', integer(dataset.images)],
          ['Objects', told.objects > 0 ? integer(told.objects) : 'not told'],
          ['Ground truth', dataset.public ? 'public' : 'not public'],
          ['Licence', dataset.licence ?? '–'],
          ['Source', dataset.source ?? '–'],
          ['SHA-256', html`<code>${dataset.sha256}</code>`],
        ],
      )}
<h2>Versions</h2>
${table(
  'Versions of the ground truth',
  ['Version', 'SHA-256', 'Registered', 'What it is'],
  told.versions.map(({ version, sha256, createdAt, note }) => [
    version,
    html`<code>${sha256}</code>`,
    day(new Date(createdAt)),
    note,
  ]),
)}
<p>As <a href="${slug(dataset.name)}.json">JSON</a>, with statistics.</p>`,
    );
  }
  await copy.html(
    'datasets/index.html',
    'Data sets',
    html`<ul>${sets.map(({ name, demo }) => html`<li><a href="${slug(name)}.html">${name}</a>${demo && ' (demo)'}</li>\n`)}</ul>`,
  );
  return sets.length;
}

async function writeSnapshots(copy: Copy): Promise<number> {
  const lines = await listSnapshots({ limit: 100_000 });
  for (const { id } of lines) {
    const snapshot = (await getSnapshot(id))!;
    const task = parseTask(snapshot.task);
    const { content, takenAt, confirmedAt, redactions, newer } = snapshot;
    const about = { task: task?.name ?? snapshot.task, dataset: snapshot.dataset, site: copy.site };
    const citation = citationOf(snapshot, about);
    await copy.json(`snapshots/${id}.json`, snapshotBody(snapshot, citation));
    const boards = content.boards.filter(({ rows }) => rows.length > 0);
    await copy.html(
      `snapshots/${id}.html`,
      `${about.task} on ${day(takenAt)}`,
      html`${newer && html`<p class="note">There is a <a href="${newer.id}.html">newer version</a>, of ${day(newer.takenAt)}.</p>`}
<p>${content.dataset.name}; ${PROTOCOLS[content.protocol].name}; unchanged until ${day(confirmedAt)}. <a href="${id}.json">As JSON</a>.</p>
${boards.map(({ evaluation, rows, verdict }) => {
  const columns = task
    ? boardColumns(task).filter(({ key }) => rows.some(({ values }) => values[key] !== undefined))
    : [];
  return html`${verdict && html`<p>${verdict}</p>`}${table(
    evaluation === 'segm' ? 'Masks' : 'Boxes',
    ['Rank', 'Method', 'Submitter', ...columns.map((column) => fillLimits(columnName(column), content.protocol))],
    rows.map((row) => [
      row.rank ?? '–',
      row.method,
      row.team ?? row.submitter ?? '–',
      ...columns.map((column) => formatNumber(column, row.values[column.key])),
    ]),
  )}`;
})}
<h2>Cite</h2><p>${citation.text}</p><pre>${citation.bibtex}</pre>
${redactions.length > 0 && html`<ul>${redactions.map(({ at, entry, reason }) => html`<li>${day(new Date(at))}: ${REDACTION_WORDS[reason]} (<code>${entry}</code>).</li>`)}</ul>`}`,
    );
  }
  await copy.html(
    'snapshots/index.html',
    'Snapshots of boards',
    table(
      'Snapshots, the newest first',
      ['Day', 'Task', 'Data set', 'Entries', 'SHA-256'],
      lines.map(({ id, takenAt, task, dataset, entries, digest }) => [
        html`<a href="${id}.html">${day(takenAt)}</a>`,
        parseTask(task)?.name ?? task,
        dataset,
        entries,
        html`<code>${digest}</code>`,
      ]),
    ),
  );
  return lines.length;
}

async function writeChanges(copy: Copy, bodies: readonly SubmissionBody[]): Promise<void> {
  const lines = await listScoreChanges();
  const there = new Set(bodies.map(({ id }) => id));
  await copy.write('changes.csv', changesToCsv(lines));
  await copy.json(
    'changes.json',
    lines.map(({ at, ...line }) => ({ ...line, at: at.toISOString() })),
  );
  await copy.html(
    'changes.html',
    'Every score ever shown',
    html`<p>As <a href="changes.csv">CSV</a> or <a href="changes.json">JSON</a>.</p>
${table(
  'Scores, the newest first',
  ['When', 'Entry', 'Task', 'Number', 'Why'],
  lines.map((line) => [
    moment(line.at),
    there.has(line.entry) || line.gone ? html`<a href="entries/${line.entry}.html">${line.method}</a>` : line.method,
    `${parseTask(line.task)?.name ?? line.task}, ${line.dataset}`,
    line.gone
      ? 'no longer public'
      : line.numbers
          .map((number) => {
            const after = formatNumber(number, number.after);
            const changed = line.reason !== null && number.before !== number.after;
            return `${number.label} ${changed ? `${formatNumber(number, number.before)} → ${after}` : after}`;
          })
          .join(' · '),
    line.reason ?? 'first score',
  ]),
)}`,
  );
}

async function writeLedger(copy: Copy): Promise<void> {
  const text = await readPublishedNumbers();
  await copy.write('published.csv', text);
  const [head, ...rows] = [...readCsv(text)].map(({ fields }) => fields).filter((fields) => fields.length > 1);
  await copy.html(
    'published.html',
    'Numbers that papers report',
    html`<p>As their sources write them; most cannot be compared with each other. <a href="published.csv">As CSV</a>.</p>
${table('Published numbers', head, rows)}`,
  );
}

async function writeProtocols(copy: Copy): Promise<void> {
  await copy.json('protocols.json', PROTOCOLS);
  await copy.html(
    'protocols.html',
    'Protocols of scoring',
    html`${table(
      'Settings of each protocol',
      ['Protocol', 'Detections per image', 'Small, medium, large (pixels)', 'What it is'],
      Object.values(PROTOCOLS).map(({ name, maxDets, areaRanges, description }) => [
        name,
        maxDets.join(', '),
        areaRanges
          .slice(1)
          .map(({ min, max }) => (max >= 1e10 ? `from ${min}` : `${min} to ${max}`))
          .join('; '),
        description,
      ]),
    )}
<p>As <a href="protocols.json">JSON</a>.</p>`,
  );
}

async function writeAbout(copy: Copy): Promise<void> {
  await copy.html(
    'about.html',
    'About this copy',
    html`<p>Made on ${moment(copy.madeAt)}${copy.site && html` from ${outside(copy.site)}`}. It holds what strangers could see on that day, and nothing else: no files of predictions, no ground truth that is not public, no names of anonymous entries.</p>
<p>JSON files are what the API of the site answered; numbers are fractions with every digit, and <code>null</code> where there is nothing to average. Anyone may host this folder.</p>
<h2>Check it</h2>
<p><a href="manifest.json">manifest.json</a> lists the SHA-256 of every file. Its signature (Ed25519, RFC 8032) is over the canonical JSON (RFC 8785) of the manifest without its member “signature”, by a key of <a href="keys.json">keys.json</a>, which the site also publishes at <code>/.well-known/livecell-keys.json</code>: compare the two while you can.</p>
<p>With the command line of the project: <code>livecell export --check FOLDER</code>.</p>`,
  );
}
