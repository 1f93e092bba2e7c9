import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { cache } from 'react';
import { Act } from '#app/_components/action-button.tsx';
import { DataTable } from '#app/_components/data-table.tsx';
import { StateBadge, VisibilityBadge } from '#app/_components/state.tsx';
import { viewer } from '#app/_server/http.ts';
import { showThisVersion } from '#app/submissions/actions.ts';
import { getMethod, listVersions, type MethodDetail, type MethodVersion } from '#db/submissions/methods.ts';
import { headlineEvaluation, headlineNumbers } from '#lib/board/headline.ts';
import { day } from '#lib/format.ts';
import * as may from '#lib/permissions.ts';
import { isSealed } from '#lib/public-entry.ts';
import { headlineColumn } from '#lib/tasks/board-columns.ts';
import { formatNumber } from '#lib/tasks/columns.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { EditForm } from './edit-form.tsx';

type Props = { params: Promise<{ id: string }> };

/** A method without a public version is visible to its owners only; others get “not found”. */
const load = cache(async (id: string) => {
  const [method, who] = await Promise.all([getMethod(id), viewer()]);
  if (!method || !may.canViewMethod(who, method)) notFound();
  return { method, who, inside: may.canViewVersions(who, method) };
});

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { method } = await load((await params).id);
  return { title: method.name, ...(!method.public && { robots: { index: false } }) };
}

export default async function MethodPage({ params }: Props) {
  const { method, who, inside } = await load((await params).id);
  const versions = await listVersions(method.id, { public: !inside });
  const next = versions.find((version) => may.canSubmitNext(who, version));
  return (
    <div className="page">
      <header className="page-head">
        <p className="eyebrow">Method</p>
        <h1>{method.name}</h1>
        <p>{ownerOf(method, versions)}</p>
        {inside && !method.public && (
          <p className="muted">
            No version is public under this name: you, your team and the maintainers see this page.
          </p>
        )}
        {next && (
          <p>
            <Link className="button" href={`/submit?from=${next.id}`}>
              Submit next version
            </Link>
          </p>
        )}
      </header>
      <Facts method={method} />
      <section className="section" aria-labelledby="versions">
        <h2 id="versions">Versions</h2>
        <p className="prose hint">
          Each submission of a task and data set is a version.
          {inside && ' Of the published ones the leaderboard shows one: the last to be published, until you choose.'}
        </p>
        {versions.length === 0 ? <p>None yet.</p> : <Versions {...{ versions, who, inside }} />}
      </section>
      {may.canEditMethod(who, method) && (
        <section className="section" aria-labelledby="edit">
          <h2 id="edit">Edit</h2>
          <EditForm id={method.id} facts={method} />
        </section>
      )}
    </div>
  );
}

function ownerOf(method: MethodDetail, versions: MethodVersion[]): string {
  const person = method.user?.name ?? versions.find(({ creditedTo }) => creditedTo)?.creditedTo;
  const by = [method.authors || person, method.team && `team ${method.team.name}`].filter(Boolean).join(', ');
  return by ? `by ${by}` : 'of this site';
}

function Facts({ method }: { method: MethodDetail }) {
  const link = (url: string | null) =>
    url && (
      <a href={url} rel="nofollow noopener">
        {url}
      </a>
    );
  const facts = [
    ['Description', method.description && <span style={{ whiteSpace: 'pre-line' }}>{method.description}</span>],
    ['Paper', link(method.paperUrl)],
    ['Code', link(method.codeUrl)],
    ['Architecture', method.architecture],
    ['Parameters', method.parameters !== null && `${method.parameters.toLocaleString('en')} million`],
    ['Pre-trained on', method.pretraining],
    ['Extra data', method.extraData],
    ['Test images', method.testImagesSeen ? 'seen in training or tuning' : 'not seen'],
    ['Inference', method.secondsPerImage !== null && `${method.secondsPerImage.toLocaleString('en')} s per image`],
  ] as const;
  return (
    <dl className="facts">
      {facts.map(
        ([term, said]) =>
          said && (
            <div key={term} style={{ display: 'contents' }}>
              <dt>{term}</dt>
              <dd>{said}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

function Versions({ versions, who, inside }: { versions: MethodVersion[]; who: may.Viewer; inside: boolean }) {
  return (
    <DataTable
      label="Table of versions"
      caption="The headline number of each task, by the primary protocol. AP in per cent."
      captionShown
      rows={versions}
      rowKey={({ id }) => id}
      columns={[
        {
          head: 'Version',
          num: true,
          rowHead: true,
          cell: ({ id, version }) => <Link href={inside ? `/submissions/${id}` : `/entries/${id}`}>{version}</Link>,
        },
        { head: 'Task', cell: ({ task }) => parseTask(task)?.name ?? task },
        { head: 'Data set', cell: ({ datasetName }) => datasetName },
        { head: 'Score', num: true, cell: score },
        inside && { head: 'State', cell: ({ state }) => <StateBadge state={state} /> },
        inside && { head: 'Visibility', cell: ({ visibility }) => <VisibilityBadge visibility={visibility} /> },
        {
          head: inside ? 'Submitted' : 'Published',
          num: true,
          cell: ({ publishedAt, createdAt }) => day((!inside && publishedAt) || createdAt),
        },
        { head: 'Leaderboard', cell: (version) => <OnBoard version={version} who={who} /> },
      ]}
    />
  );
}

function OnBoard({ version, who }: { version: MethodVersion; who: may.Viewer }) {
  if (!may.isPublic(version)) return null;
  if (isSealed(version, new Date())) return <>shown as an anonymous entry</>;
  if (version.shown)
    return (
      <span className="badge" data-kind="good">
        shown
      </span>
    );
  if (!may.canChooseShown(who, version)) return null;
  return (
    <Act action={showThisVersion} values={{ id: version.id }} label={`Show version ${version.version}`} kind="quiet" />
  );
}

/** Return the headline number of a task, for masks, or for boxes if there are no masks. */
function score({ task: id, results, datasetName }: MethodVersion): string {
  const task = parseTask(id);
  if (!task || !results) return '';
  const evaluation = headlineEvaluation(task, results);
  const [headline] = headlineNumbers(task, results, { dataset: datasetName, evaluation });
  return `${headlineColumn(task).label}${evaluation === 'bbox' ? ' of boxes' : ''} ${formatNumber(headline, headline.value)}`;
}
