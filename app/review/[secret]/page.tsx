import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { underReview } from '#app/_server/submissions.ts';
import { reportsOf } from '#db/board/entry-body.ts';
import { costsOf } from '#db/board/outcomes.ts';
import { scoreHistory } from '#db/board/score-history.ts';
import { timingOf } from '#db/board/timing.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import { partInWords } from '#lib/datasets/part-words.ts';
import { EntryView } from '../../entries/[id]/entry.tsx';

interface Props {
  params: Promise<{ secret: string }>;
  searchParams: Promise<{ protocol?: string | string[] }>;
}

/** The address is the key, so no search engine or other site may learn it. Headers: next.config.mjs. */
export const metadata: Metadata = {
  title: 'An entry under review',
  robots: { index: false, follow: false },
  referrer: 'no-referrer',
};

/** An entry as reviewers see it, even before it is public: scores, charts and receipt, without its makers. */
export default async function ReviewPage({ params, searchParams }: Props) {
  const { secret } = await params;
  const found = await underReview(secret);
  if (!found) notFound();
  const { entry, dataset } = found;
  const page = `/review/${secret}`;
  const [reports, history, timing] = await Promise.all([
    reportsOf(entry),
    scoreHistory(entry),
    timingOf(entry, { id: entry.id, dataset }),
  ]);
  const densities = await costsOf({ id: entry.id, dataset }, reports[PRIMARY_PROTOCOL]);
  const asked = (await searchParams).protocol;
  return (
    <EntryView
      {...{
        entry,
        dataset: dataset.name,
        part: partInWords(dataset.part),
        reports,
        history,
        place: null,
        timing,
        densities,
        cite: null,
        asked,
        inside: false,
      }}
      links={{ page, receipt: `${page}/receipt`, images: null, json: null, badge: null }}
    />
  );
}
