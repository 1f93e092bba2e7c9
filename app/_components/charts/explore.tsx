'use client';

import { lazy, Suspense, useState } from 'react';
import type { Series } from '#lib/charts/series.ts';
import { Dialog } from '../dialog.tsx';
import type { ChartKind } from './drawing.tsx';

const Explorer = lazy(() => import('./explorer.tsx').then((module) => ({ default: module.Explorer })));

/** Opens a chart large, where names can be left out and the scale changed. Nothing of it is loaded before. */
export function Explore({ series, kind }: { series: Series; kind: ChartKind }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" className="button-small chart-explore" onClick={() => setOpen(true)}>
        Explore <span className="visually-hidden">the chart “{series.title}”</span>
      </button>
      <Dialog title={series.title} open={open} onClose={() => setOpen(false)} wide>
        <Suspense fallback={<p className="muted">Loading the chart …</p>}>
          <Explorer series={series} kind={kind} />
        </Suspense>
        <div className="dialog-deeds">
          <button type="button" className="button" onClick={() => setOpen(false)}>
            Close
          </button>
        </div>
      </Dialog>
    </>
  );
}
