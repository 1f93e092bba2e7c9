import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { cache } from 'react';
import { viewer } from '#app/_server/http.ts';
import { lookOf, reportsOf } from '#app/_server/submissions.ts';
import { entryOf } from '#db/entries.ts';
import { getSubmission } from '#db/submissions.ts';
import { canViewSubmission } from '#lib/permissions.ts';
import type { ScoreReport } from '#lib/scoring/report.ts';
import { EntryView } from './entry.tsx';

interface Props {
  params: Promise<{ id: string }>;
  searchParams: Promise<{ protocol?: string | string[] }>;
}

/** Whoever may not see an entry learns nothing of it, not even that it exists. */
const load = cache(async (id: string) => {
  const [submission, who] = await Promise.all([getSubmission(id), viewer()]);
  if (!submission || !canViewSubmission(who, submission)) notFound();
  const look = lookOf(who, submission);
  return { entry: await entryOf(submission, look), dataset: submission.dataset.name, inside: look === 'insider' };
});

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { entry, dataset } = await load((await params).id);
  return { title: entry.method, description: `Scores of ${entry.method} on ${dataset}.` };
}

export default async function EntryPage({ params, searchParams }: Props) {
  const { entry, dataset, inside } = await load((await params).id);
  const links = {
    page: `/entries/${entry.id}`,
    receipt: `/api/v1/submissions/${entry.id}/receipt`,
    json: `/api/v1/submissions/${entry.id}`,
  };
  const reports = await reportsOf<ScoreReport>(entry);
  const asked = (await searchParams).protocol;
  return <EntryView {...{ entry, dataset, reports, asked, inside, links }} />;
}
