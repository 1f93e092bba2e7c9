import { ImageResponse } from 'next/og';
import { z } from 'zod';
import { drawable } from '#app/_server/drawable.ts';
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
