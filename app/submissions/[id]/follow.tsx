'use client';

import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useEffect, useState } from 'react';
import { StateBadge, stateInWords } from '#app/_components/state.tsx';
import type { SubmissionBody } from '#lib/http/api.ts';
import { isFinal } from '#lib/vocabulary.ts';

const PHASES = {
  reading: 'reading the file',
  matching: 'matching cells',
  accumulating: 'adding up',
} as const;

type Now = Pick<SubmissionBody, 'state' | 'queuePosition' | 'progress' | 'attempts'>;

/** Show state, place in the queue and progress as they change; at the end, reload the page for the results. */
export function Follow({ id, initial }: { id: string; initial: Now }) {
  const router = useRouter();
  const [now, setNow] = useState(initial);
  const state = now.state;

  useEffect(() => {
    if (isFinal(initial.state)) return;
    const url = `/api/v1/submissions/${id}`;
    let timer: ReturnType<typeof setTimeout>;
    let over = false;
    const hear = (news: Now) => {
      setNow(news);
      if (!isFinal(news.state)) return;
      over = true;
      source.close();
      router.refresh();
    };
    // where events are blocked (a buffering proxy, too many tabs), poll occasionally
    const ask = async () => {
      const response = await fetch(url, { cache: 'no-store' }).catch(() => null);
      if (response?.ok) hear(await response.json());
      if (!over) timer = setTimeout(ask, 3000);
    };
    const source = new EventSource(`${url}/events`);
    source.addEventListener('submission', (event) => {
      clearTimeout(timer);
      hear(JSON.parse(event.data));
    });
    source.onerror = () => {
      clearTimeout(timer);
      if (!over) timer = setTimeout(ask, 2000);
    };
    timer = setTimeout(ask, 5000);
    return () => {
      over = true;
      clearTimeout(timer);
      source.close();
    };
  }, [id, initial.state, router]);

  const { queuePosition, progress, attempts } = now;
  const fraction = progress?.fraction ?? 0;
  return (
    <div className="stack follow">
      <p role="status">
        <StateBadge state={state} /> {stateInWords(state)}
        {state === 'queued' &&
          queuePosition !== null &&
          (queuePosition === 1 ? ' It is next.' : ` ${queuePosition - 1} before it.`)}
        {attempts > 1 && !isFinal(state) && ` Attempt ${attempts}.`}
      </p>
      {state === 'scoring' && (
        <div>
          <progress value={fraction} max={1} aria-label="Scoring progress">
            {Math.round(fraction * 100)} %
          </progress>
          <p className="hint num">
            {Math.round(fraction * 100)} %{progress && `: ${PHASES[progress.phase]}`}
          </p>
        </div>
      )}
      {!isFinal(state) && (
        <p className="hint">
          This page updates itself. You can also close it and come back later. <Link href="/queue">The queue</Link>{' '}
          shows what comes before it, and for how long.
        </p>
      )}
    </div>
  );
}
