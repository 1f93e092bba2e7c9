import type { Metadata } from 'next';
import { headers } from 'next/headers';
import { notFound } from 'next/navigation';
import { cache } from 'react';
import { viewer } from '#app/_server/http.ts';
import { siteOf } from '#app/_server/site.ts';
import { standingInWords, standings } from '#app/_server/standing.ts';
import { findPublished, findTombstone, lookOf, reportsOf } from '#app/_server/submissions.ts';
import { BaselineMark } from '#app/maintain/baseline-mark.tsx';
import { scoreHistory } from '#db/board/score-history.ts';
import { entryOf } from '#db/submissions/entries.ts';
import { getSubmission } from '#db/submissions/submissions.ts';
import { canSeeIdentity, canViewSubmission, isPublic } from '#lib/permissions.ts';
import { EntryView } from './entry.tsx';
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
    dataset: submission.dataset.name,
    inside: look === 'insider',
    deeds: <BaselineMark entry={submission} who={who} />,
  };
});

const tombstoneOf = cache(findTombstone);

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const tombstone = await tombstoneOf((await params).id);
  if (tombstone) return { title: `${tombstone.method} (withdrawn)`, robots: { index: false } };
  const { entry, dataset, inside } = await load((await params).id);
  if (!isPublic(entry)) return { title: entry.method, robots: { index: false } };
  // shared previews must use the public form, even for an insider
  const shared = inside ? (await findPublished(entry.id)).entry : entry;
  const words = standingInWords(entry.task, (await standings(entry.task, dataset)).get(entry.id));
  const description = `${words}. Scores, charts and receipt of ${shared.method} on ${dataset}.`;
  const page = `/entries/${entry.id}`;
  const image = { url: `${page}/opengraph-image`, width: 1200, height: 630, alt: `${shared.method}: ${words}` };
  return {
    title: entry.method,
    description,
    metadataBase: new URL(siteOf({ headers: await headers() })),
    alternates: { canonical: page },
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
  const { entry, dataset, inside, deeds } = await load((await params).id);
  const links = {
    page: `/entries/${entry.id}`,
    receipt: `/api/v1/submissions/${entry.id}/receipt`,
    json: `/api/v1/submissions/${entry.id}`,
    badge: isPublic(entry) ? `/entries/${entry.id}/badge.svg` : null,
  };
  const [reports, history] = await Promise.all([reportsOf(entry), scoreHistory(entry)]);
  const asked = (await searchParams).protocol;
  return <EntryView {...{ entry, dataset, reports, history, asked, inside, deeds, links }} />;
}

async function isInsider(id: string): Promise<boolean> {
  const [submission, who] = await Promise.all([getSubmission(id), viewer()]);
  return submission !== null && canSeeIdentity(who, submission);
}
