import type { Series } from '#lib/charts/series.ts';
import { labelsOf } from './direct-labels.ts';
import type { ChartKind } from './drawing.tsx';
import { DrawnChart } from './drawn.tsx';

/** A chart, a sentence that states its result, and its numbers as a table, which needs neither eyes nor script. */
export function Chart({ series, kind, ofMethods }: { series: Series; kind: ChartKind; ofMethods?: boolean }) {
  const labels = kind === 'stack' ? null : labelsOf(series, kind);
  return <DrawnChart series={series} kind={kind} labels={labels} ofMethods={ofMethods} />;
}
