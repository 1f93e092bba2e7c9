import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { Live } from '#app/_components/auto-refresh.tsx';
import { classOfScreen } from '#db/people/classes.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { ClassBoard } from '../../board.tsx';

// the address contains the secret, so it must not reach other sites
export const metadata: Metadata = { title: 'Class', robots: { index: false }, referrer: 'no-referrer' };

const SECONDS = 15;

/** The board of a class for a projector: needs no sign-in, updates itself, and works without script. */
export default async function ScreenPage({ params }: { params: Promise<{ secret: string }> }) {
  const found = await classOfScreen((await params).secret);
  if (!found) notFound();
  return (
    <div className="page class-screen">
      <Live seconds={SECONDS} />
      <noscript>
        <meta httpEquiv="refresh" content={String(SECONDS)} />
      </noscript>
      <header className="page-head">
        <p className="eyebrow">
          {parseTask(found.task)?.name ?? found.task} on {found.dataset}
        </p>
        <h1>{found.name}</h1>
      </header>
      <ClassBoard of={found} />
      <p className="hint">This page updates itself every {SECONDS} seconds.</p>
    </div>
  );
}
