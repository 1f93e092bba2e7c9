/** Charts as PNG: shapes as SVG, text set by the drawing library with the font that Next includes. */
import { ImageResponse } from 'next/og';
import type { CSSProperties } from 'react';
import type { ChartDrawing, ChartText } from '#lib/charts/svg.ts';
import { drawable } from './drawable.ts';

/** Pixels of the picture to one of the drawing: sharp on dense screens and in print. */
const SCALE = 2;

export async function chartToPng({ width, height, shapes, texts }: ChartDrawing): Promise<ArrayBuffer> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width * SCALE}" height="${height * SCALE}">${shapes}</svg>`;
  const picture = `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
  return new ImageResponse(
    <div style={{ display: 'flex', position: 'relative', width: '100%', height: '100%', color: '#1a1a1a' }}>
      {/* biome-ignore lint/performance/noImgElement: it is drawn here, not sent to a browser */}
      <img src={picture} width={width * SCALE} height={height * SCALE} alt="" />
      {texts.map((text, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the list is drawn once
        <div key={i} style={placed(text, width)}>
          {drawable(text.words)}
        </div>
      ))}
    </div>,
    { width: width * SCALE, height: height * SCALE },
  ).arrayBuffer();
}

/** A box of twice the drawing's width around, before or behind the point that the text is anchored at. */
function placed({ x, y, size, anchor, bold, muted, light }: ChartText, width: number): CSSProperties {
  const [justifyContent, left] =
    anchor === 'start' ? ['flex-start', x] : anchor === 'end' ? ['flex-end', x - 2 * width] : ['center', x - width];
  return {
    ...{ position: 'absolute', display: 'flex', justifyContent, whiteSpace: 'nowrap', lineHeight: 1 },
    left: left * SCALE,
    top: (y - size * 0.88) * SCALE,
    width: 2 * width * SCALE,
    fontSize: size * SCALE,
    fontWeight: bold ? 700 : 400,
    ...(light && { color: '#ffffff' }),
    opacity: muted ? 0.75 : 1,
  };
}
