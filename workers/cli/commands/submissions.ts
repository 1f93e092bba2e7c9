/** A researcher's own submissions: `livecell list`, `status`, `publish`, `withdraw`. */
import { day } from '#lib/format.ts';
import type { Changed, SubmissionBody, SubmissionList } from '#lib/http/api.ts';
import { SUBMISSION_STATES } from '#lib/vocabulary.ts';
import { oneOf } from '#workers/cli/arguments.ts';
import {
  CallError,
  type Command,
  JSON_OPTION,
  type Output,
  oneLine,
  problemLine,
  type Values,
} from '#workers/cli/command.ts';
import { reportTable } from '#workers/cli/report-table.ts';
import { parseSharing, SHARING_OPTIONS } from '#workers/cli/sharing.ts';
import { openPublicSite, openSite, SERVER_OPTION, type Site, TOKEN_OPTION } from '#workers/cli/site.ts';

const WITH_TOKEN = { server: SERVER_OPTION, token: TOKEN_OPTION, json: JSON_OPTION };

export const listOwn: Command = {
  name: 'list',
  help: 'Lists your submissions and those of your teams, the newest first.',
  example: 'livecell list --task livecell-wide --state scored',
  options: {
    task: { type: 'string', value: 'TASK', help: 'only of this task' },
    state: { type: 'string', value: 'STATE', help: 'only in this state, such as scored' },
    ...WITH_TOKEN,
  },
  async run(values, files, out) {
    if (files.length > 0) throw new CallError(`“${files[0]}” is not expected.`);
    const query = new URLSearchParams({ limit: '200' });
    if (values.task !== undefined) query.set('task', values.task);
    if (values.state !== undefined) query.set('state', oneOf('--state', SUBMISSION_STATES, values.state));
    const site = await openSite(values);
    const all: SubmissionList['submissions'] = [];
    let next: string | null = null;
    do {
      if (next !== null) query.set('after', next);
      const page: SubmissionList = await site.call('GET', `/api/v1/submissions?${query}`);
      all.push(...page.submissions);
      next = page.next;
    } while (next !== null);
    out.document({ submissions: all });
    const rows = all.map((one) => [
      one.id,
      day(new Date(one.createdAt)),
      one.task,
      `${one.method}, version ${one.version}`,
      one.state,
      one.visibility,
    ]);
    if (rows.length === 0) return out.print('There are no submissions yet.');
    const titles = ['Id', 'Sent', 'Task', 'Method', 'State', 'Visibility'];
    out.print(columns([titles, ...rows]));
  },
};

/** Align cells under each other. */
function columns(rows: readonly string[][]): string {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => oneLine(cell).padEnd(widths[i] + 2))
        .join('')
        .trimEnd(),
    )
    .join('\n');
}

function oneId(files: string[]): string {
  if (files.length !== 1)
    throw new CallError(files.length === 0 ? 'The id of a submission is missing.' : 'One id is expected.');
  return idOf(files[0]);
}

/** Return the id in an id or in the address of a submission's or an entry's page. */
export function idOf(text: string): string {
  return /\/(?:submissions|entries)\/([^/?#]+)/.exec(text)?.[1] ?? text;
}

const path = (id: string, more = '') => `/api/v1/submissions/${encodeURIComponent(id)}${more}`;

export const status: Command = {
  name: 'status',
  takes: 'ID',
  help: 'Says how a submission stands, with its problems or its scores.',
  details: 'ID is an id, or the address of the submission’s page. A public entry needs no token.',
  example: 'livecell status 7d0c3f9e-1b1c-4f0e-9d5f-0a4f7c9a2b11',
  options: WITH_TOKEN,
  async run(values, files, out) {
    const id = oneId(files);
    const site = await openPublicSite(values);
    const body = await site.call<SubmissionBody>('GET', path(id));
    out.document(body);
    print(body, site, out);
  },
};

function print(body: SubmissionBody, site: Site, out: Output): void {
  const { id, method, version, task, dataset, state, visibility, queuePosition, progress, report } = body;
  const where = queuePosition ? `, number ${queuePosition} in line` : '';
  const far = progress ? `, ${progress.phase} ${Math.round(progress.fraction * 100)} %` : '';
  out.print(`${method}${version ? `, version ${version}` : ''}: ${state}${where}${far}, ${visibility}`);
  out.print(`${task}, ${dataset}: ${site.url}/submissions/${id}`);
  for (const line of body.problems.map(problemLine)) out.print(line);
  if (body.failure) out.print(body.failure);
  if (body.hiddenReason) out.print(`Hidden: ${body.hiddenReason}`);
  if (report) out.print(`\n${reportTable(report)}`);
  if (!out.json) out.warnings(report?.warnings ?? body.warnings);
}

export const publish: Command = {
  name: 'publish',
  takes: 'ID',
  help: 'Asks to publish a submission. A maintainer decides.',
  example: 'livecell publish 7d0c3f9e-1b1c-4f0e-9d5f-0a4f7c9a2b11',
  options: {
    message: { type: 'string', value: 'TEXT', help: 'for the maintainers, such as an answer to their question' },
    'take-back': { type: 'boolean', help: 'take the request, or the published entry, back instead' },
    ...WITH_TOKEN,
  },
  async run(values, files, out) {
    const id = oneId(files);
    if (values['take-back'] && values.message !== undefined) throw new CallError('--take-back takes no --message.');
    const site = await openSite(values);
    const changed = values['take-back']
      ? await site.call<Changed>('POST', path(id, '/unpublish'), {})
      : await site.call<Changed>('POST', path(id, '/publish'), { message: values.message ?? '' });
    out.document({ ...changed, url: `${site.url}/submissions/${id}` });
    out.print(
      values['take-back']
        ? 'It is private now.'
        : `Asked: a maintainer decides. ${site.url}/submissions/${id} says how it stands.`,
    );
  },
};

export const share: Command = {
  name: 'share',
  takes: 'ID',
  help: 'Says what others may do with the predictions of a submission: see the cells, download the files.',
  details: 'Replaces what was chosen before: without options, nobody else sees the cells or gets the files.',
  example: 'livecell share 7d0c3f9e-1b1c-4f0e-9d5f-0a4f7c9a2b11 --show-cells --share-files --licence CC-BY-4.0',
  options: { ...SHARING_OPTIONS, ...WITH_TOKEN },
  async run(values, files, out) {
    const id = oneId(files);
    const sharing = parseSharing(values);
    const site = await openSite(values);
    const changed = await site.call<Changed>('POST', path(id, '/sharing'), sharing);
    out.document({ ...changed, ...sharing });
    const { cellsShown, filesShared } = sharing;
    const may = [cellsShown && 'see the predicted cells', filesShared && 'download the files'].filter(Boolean);
    out.print(
      may.length > 0
        ? `Others may ${may.join(' and ')} once the entry is published.`
        : 'Nobody else sees the cells or gets the files.',
    );
  },
};

const REASONS = ['superseded', 'mistake', 'data', 'other'] as const;

export const withdraw: Command = {
  name: 'withdraw',
  takes: 'ID',
  help: 'Withdraws a submission and deletes its files. This cannot be undone.',
  details: 'An entry that has been public leaves a page that says when and why it went.',
  example: 'livecell withdraw 7d0c3f9e-1b1c-4f0e-9d5f-0a4f7c9a2b11 --reason superseded --yes',
  options: {
    reason: {
      type: 'string',
      value: 'REASON',
      help: `${REASONS.join(', ')}; needed for an entry that has been public`,
    },
    yes: { type: 'boolean', help: 'do it without asking' },
    ...WITH_TOKEN,
  },
  async run(values, files, out) {
    const id = oneId(files);
    const reason = values.reason === undefined ? undefined : oneOf('--reason', REASONS, values.reason);
    const site = await openSite(values);
    await confirm(values, `Withdraw ${id} and delete its files? This cannot be undone. [y/N] `);
    const changed = await site.call<Changed>('POST', path(id, '/withdraw'), { reason });
    out.document(changed);
    out.print('Withdrawn. Its files are deleted.');
  },
};

/** Ask on a terminal. @throws CallError if the answer is not yes, or if nobody can answer */
async function confirm(values: Values, question: string): Promise<void> {
  if (values.yes) return;
  if (!process.stdin.isTTY) throw new CallError('--yes is needed where nobody can be asked.');
  const { createInterface } = await import('node:readline/promises');
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await asking.question(question);
    if (!/^y(es)?$/i.test(answer.trim())) throw new CallError('Nothing was withdrawn.');
  } finally {
    asking.close();
  }
}
