import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { Act } from '#app/_components/action-button.tsx';
import { DataTable } from '#app/_components/data-table.tsx';
import { LedgerTable } from '#app/_components/ledger-table.tsx';
import { viewer } from '#app/_server/http.ts';
import { GrantFields } from '#app/maintain/grant-fields.tsx';
import { type LedgerLine, listLedger } from '#db/quota/ledger.ts';
import { defaultQuota, getTaskSettings } from '#db/quota/task-settings.ts';
import { listBaselines } from '#db/submissions/baselines.ts';
import { bytes, day, moment } from '#lib/format.ts';
import { canFeature, canManageTasks, type Viewer } from '#lib/permissions.ts';
import { parseHolder, quotaInWords } from '#lib/quota.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import { parseTask } from '#lib/tasks/index.ts';
import type { Task } from '#lib/tasks/task.ts';
import { grantHolder, markBaseline } from '../actions.ts';
import { SettingsForm } from './settings-form.tsx';

interface Props {
  params: Promise<{ task: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: parseTask((await params).task)?.name ?? 'Task', robots: { index: false } };
}

const MONTH = 30 * 24 * 3600_000;

export default async function TaskPage({ params }: Props) {
  const who = await viewer();
  const task = parseTask((await params).task);
  if (!canManageTasks(who) || !task?.open) notFound();
  const settings = await getTaskSettings(task.id);
  const { limit, days } = defaultQuota();
  return (
    <div className="page">
      <header className="page-head">
        <p className="eyebrow">
          <Link href="/maintain/tasks">Tasks</Link>
        </p>
        <h1>{task.name}</h1>
        <p className="muted">
          <Link href={`/leaderboards/${task.id}`}>Leaderboard</Link>
          {settings && <> · last set {moment(settings.updatedAt)}</>}
        </p>
      </header>
      <section className="section first" aria-labelledby="settings">
        <h2 id="settings">What is set</h2>
        <SettingsForm
          // render the form anew after saving, to show the saved values
          key={settings?.updatedAt.getTime()}
          task={task.id}
          settings={{
            open: settings?.open ?? true,
            closedReason: settings?.closedReason ?? '',
            quota: settings?.quota ? String(settings.quota) : '',
            unlimited: settings?.quota === 0,
            quotaDays: settings?.quotaDays ? String(settings.quotaDays) : '',
            megabytes: settings?.maxBytes ? String(Math.floor(settings.maxBytes / 1_000_000)) : '',
          }}
          defaults={{
            quota: limit === null ? 'no limit' : quotaInWords({ limit, days }),
            days: `${days} days`,
            megabytes: bytes(LIMITS.bytes),
          }}
        />
      </section>
      <Baselines task={task} who={who} />
      <Ledger task={task} />
    </div>
  );
}

async function Baselines({ task, who }: { task: Task; who: Viewer }) {
  const entries = await listBaselines(task.id);
  return (
    <section className="section" aria-labelledby="baselines">
      <h2 id="baselines">Baselines</h2>
      <div className="stack">
        <p className="prose">Entries marked here stand out on the board, as a baseline for comparison.</p>
        {entries.length === 0 ? (
          <p>Nothing is published on this board yet.</p>
        ) : (
          <DataTable
            label="Table of published entries"
            caption="Published entries, baselines first"
            rows={entries}
            rowKey={({ id }) => id}
            columns={[
              {
                head: 'Entry',
                rowHead: true,
                cell: ({ id, method }) => <Link href={`/entries/${id}`}>{method}</Link>,
              },
              { head: 'Data set', cell: ({ datasetName }) => datasetName },
              {
                head: 'Published',
                num: true,
                cell: ({ publishedAt }) => (publishedAt ? day(publishedAt) : '–'),
              },
              {
                head: 'Baseline',
                cell: (entry) =>
                  canFeature(who, entry) && (
                    <Act
                      action={markBaseline}
                      values={{ id: entry.id, featured: entry.featured ? 'no' : 'yes' }}
                      label={entry.featured ? 'Take the mark off' : 'Mark as a baseline'}
                    />
                  ),
              },
            ]}
          />
        )}
      </div>
    </section>
  );
}

async function Ledger({ task }: { task: Task }) {
  const lines = await listLedger({ task: task.id, limit: 200 });
  const holders = new Map(lines.map((line) => [line.holder, nameOf(line)]));
  const until = new Date(Date.now() + MONTH).toISOString().slice(0, 10);
  return (
    <section className="section" aria-labelledby="ledger">
      <h2 id="ledger">Ledger of the quota</h2>
      {lines.length === 0 ? (
        <p>Nobody has submitted to real ground truth of this task yet.</p>
      ) : (
        <div className="stack">
          <Act action={grantHolder} values={{ task: task.id }} label="Grant more">
            <select name="holder" aria-label="To whom">
              {[...holders].map(([holder, name]) => (
                <option key={holder} value={holder}>
                  {name}
                </option>
              ))}
            </select>
            <GrantFields until={until} reader="them" />
          </Act>
          <LedgerTable
            label="Ledger"
            caption="The last 200 lines of the ledger, the newest first"
            lines={lines}
            holder={{ head: 'Who', name: nameOf }}
            hrefOf={(id) => `/maintain/entries/${id}`}
          />
        </div>
      )}
    </section>
  );
}

function nameOf({ holder, holderName }: LedgerLine): string {
  const kind = parseHolder(holder)?.kind === 'team' ? 'team' : 'person';
  return holderName ? `${holderName}${kind === 'team' ? ' (team)' : ''}` : `a ${kind} who has left`;
}
