import { ImageResponse } from 'next/og';
import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { standings } from '#app/_server/standing.ts';
import { findPublished } from '#app/_server/submissions.ts';
import { parseTask } from '#lib/tasks/index.ts';

const SIZE = { width: 1200, height: 630 };

/** The preview image of a published entry's link. Drawn here, with the font included in Next. */
export const GET = route({ params: z.object({ id: z.string() }) }, async ({ params }) => {
  const { entry, dataset } = await findPublished(params.id);
  const standing = (await standings(entry.task, dataset.name)).get(entry.id);
  const numbers = [
    standing?.number && `${standing.measure} ${standing.number}`,
    standing?.rank && `Rank ${standing.rank}`,
  ].filter(Boolean);
  return new ImageResponse(
    <div
      style={{
        display: 'flex',
        flexDirection: 'column',
        justifyContent: 'space-between',
        padding: 72,
        width: '100%',
        height: '100%',
        background: '#0f3440',
        color: '#fff',
      }}
    >
      <div style={{ display: 'flex', fontSize: 34, color: '#a9d3df' }}>LIVECell benchmark</div>
      <div style={{ display: 'flex', flexDirection: 'column', gap: 24 }}>
        <div style={{ display: 'flex', fontSize: 68, lineHeight: 1.15 }}>{short(entry.method)}</div>
        <div style={{ display: 'flex', fontSize: 38, color: '#a9d3df' }}>
          {drawable([parseTask(entry.task)?.name ?? entry.task, dataset.name].join(', on '))}
        </div>
      </div>
      <div style={{ display: 'flex', fontSize: 56 }}>{drawable(numbers.join('   ·   ')) || ' '}</div>
    </div>,
    { ...SIZE, headers: { 'cache-control': 'public, max-age=300' } },
  );
});

/** Shorten to at most two lines. */
function short(name: string): string {
  const text = drawable(name) || 'An entry';
  return text.length > 62 ? `${text.slice(0, 61)}…` : text;
}

/** Remove letters that the font lacks: for those, the drawing library would send the name to another site. */
function drawable(text: string): string {
  return text
    .replace(/[^\u0020-\u007e\u00a0-\u017f\u2013\u2014\u2018-\u201d\u2026\u00b7]/gu, ' ')
    .replace(/ {4,}/g, '   ')
    .trim();
}
