import type { Metadata } from 'next';
import { headers } from 'next/headers';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { cache } from 'react';
import { viewer } from '#app/_server/http.ts';
import { oembedOf, siteOf } from '#app/_server/site.ts';
import { placeOf, standingInWords, standings } from '#app/_server/standing.ts';
import { findPublished, lookOf } from '#app/_server/submissions.ts';
import { BaselineMark } from '#app/maintain/baseline-mark.tsx';
import { reportsOf } from '#db/board/entry-body.ts';
import { costsOf } from '#db/board/outcomes.ts';
import { scoreHistory } from '#db/board/score-history.ts';
import { timingOf } from '#db/board/timing.ts';
import { entryOf } from '#db/submissions/entries.ts';
import { getSubmission } from '#db/submissions/submissions.ts';
import { findTombstone } from '#db/submissions/tombstones.ts';
import { toBibtex } from '#lib/board/export.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import { partInWords } from '#lib/datasets/part-words.ts';
import {
  canDownloadFiles,
  canReportProblem,
  canSeeIdentity,
  canSubmitNext,
  canViewSubmission,
  isPublic,
} from '#lib/permissions.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { EntryView } from './entry.tsx';
import { ReportForm } from './report.tsx';
import { TombstoneView } from './tombstone.tsx';

interface Props {
  params: Promise<{ id: string }>;
  searchParams: Promise<{ protocol?: string | string[] }>;
}

/** Load an entry; viewers without permission learn nothing about it, not even that it exists. */
const load = cache(async (id: string) => {
  const [submission, who] = await Promise.all([getSubmission(id), viewer()]);
  if (!submission || !canViewSubmission(who, submission)) notFound();
  const look = lookOf(who, submission);
  return {
    entry: entryOf(submission, look),
    submission,
    dataset: submission.dataset.name,
    part: partInWords(submission.dataset.part),
    truthIsPublic: submission.dataset.public,
    inside: look === 'insider',
    files: canDownloadFiles(who, submission) ? submission.files.map(({ slot }) => slot) : [],
    deeds: (
      <>
        {canSubmitNext(who, submission) && <Link href={`/submit?from=${id}`}>Submit the next version</Link>}
        <BaselineMark entry={submission} who={who} />
      </>
    ),
    report: isPublic(submission) ? <ReportProblem id={id} signedIn={canReportProblem(who, submission)} /> : null,
  };
});

/** What others see of an entry that is public no more; its owner and the maintainers still see one that is not withdrawn. */
const tombstoneOf = cache(async (id: string) => {
  const tombstone = await findTombstone(id);
  return tombstone && (tombstone.what === 'withdrawn' || !(await isInsider(id))) ? tombstone : null;
});

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const tombstone = await tombstoneOf((await params).id);
  if (tombstone)
    return {
      title: `${tombstone.method} (${tombstone.what === 'withdrawn' ? 'withdrawn' : 'no longer public'})`,
      robots: { index: false },
    };
  const { entry, dataset, inside } = await load((await params).id);
  if (!isPublic(entry)) return { title: entry.method, robots: { index: false } };
  // shared previews must use the public form, even for an insider
  const shared = inside ? (await findPublished(entry.id)).entry : entry;
  const words = standingInWords(entry.task, (await standings(entry.task, dataset)).get(entry.id));
  const description = `${words}. Scores, charts and receipt of ${shared.method} on ${dataset}.`;
  const page = `/entries/${entry.id}`;
  const site = siteOf({ headers: await headers() });
  const image = { url: `${page}/opengraph-image`, width: 1200, height: 630, alt: `${shared.method}: ${words}` };
  return {
    title: entry.method,
    description,
    metadataBase: new URL(site),
    alternates: { canonical: page, types: oembedOf(site, page) },
    openGraph: {
      type: 'article',
      siteName: 'LIVECell benchmark',
      title: shared.method,
      description,
      url: page,
      images: [image],
    },
    twitter: { card: 'summary_large_image', title: shared.method, description, images: [image] },
  };
}

export default async function EntryPage({ params, searchParams }: Props) {
  const tombstone = await tombstoneOf((await params).id);
  if (tombstone) return <TombstoneView tombstone={tombstone} inside={await isInsider(tombstone.id)} />;
  const { entry, submission, dataset, part, truthIsPublic, inside, files, deeds, report } = await load(
    (await params).id,
  );
  const links = {
    page: `/entries/${entry.id}`,
    receipt: `/api/v1/submissions/${entry.id}/receipt`,
    json: `/api/v1/submissions/${entry.id}`,
    images: truthIsPublic ? `/entries/${entry.id}/images` : null,
    badge: isPublic(entry) ? `/entries/${entry.id}/badge.svg` : null,
    files: files.map((slot) => ({
      slot,
      href: `/api/v1/submissions/${entry.id}/files/${encodeURIComponent(slot)}`,
    })),
  };
  const [reports, history, place, timing] = await Promise.all([
    reportsOf(entry),
    scoreHistory(entry),
    isPublic(entry) ? placeOf(entry, dataset) : null,
    timingOf(entry, submission),
  ]);
  const densities = await costsOf(submission, reports[PRIMARY_PROTOCOL]);
  const asked = (await searchParams).protocol;
  const task = parseTask(entry.task);
  // as on the board: what others may cite, even if an insider looks
  const cite =
    place && task
      ? toBibtex([place.row], {
          task,
          dataset,
          protocol: PRIMARY_PROTOCOL,
          evaluation: 'segm',
          cellType: null,
          site: siteOf({ headers: await headers() }),
        })
      : null;
  return (
    <EntryView
      {...{
        entry,
        dataset,
        part,
        reports,
        history,
        place,
        timing,
        densities,
        cite,
        asked,
        inside,
        deeds,
        report,
        links,
      }}
    />
  );
}

async function isInsider(id: string): Promise<boolean> {
  const [submission, who] = await Promise.all([getSubmission(id), viewer()]);
  return submission !== null && canSeeIdentity(who, submission);
}

/** The way to say what is wrong with an entry. */
function ReportProblem({ id, signedIn }: { id: string; signedIn: boolean }) {
  if (!signedIn) return <Link href={`/sign-in?returnTo=/entries/${id}`}>Report a problem</Link>;
  return (
    <details className="menu">
      <summary>Report a problem</summary>
      <div className="menu-body">
        <ReportForm id={id} />
      </div>
    </details>
  );
}
