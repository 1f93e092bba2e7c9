import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { cache } from 'react';
import { cellRows, fieldOf, findImage, findViewed, listViewable, viewableEntry } from '#app/_server/cells.ts';
import { viewer } from '#app/_server/http.ts';
import { pictureNames } from '#lib/datasets/pictures.ts';
import { AppError } from '#lib/errors.ts';
import { integer } from '#lib/format.ts';
import { CELL_TYPE_NAMES, cellTypeOf, parseImageName } from '#lib/livecell/cell-types.ts';
import { hours } from '../tables.tsx';
import { CELLS_ON_A_PAGE, CellsInWords } from './cells-in-words.tsx';
import type { AddressedLayer, MapName } from './scene.ts';
import { Viewer } from './viewer.tsx';
import './viewer.css';

interface Props {
  params: Promise<{ name: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

const load = cache(async (name: string) => {
  try {
    return await findViewed(decodeURIComponent(name));
  } catch (error) {
    if (error instanceof AppError && error.code === 'not-found') notFound();
    throw error;
  }
});

export async function generateMetadata({ params, searchParams }: Props): Promise<Metadata> {
  const { dataset, packed } = await load((await params).name);
  const image = findImage(packed.images.fileNames, first((await searchParams).image));
  const name = image === null ? 'Images' : packed.images.fileNames[image];
  return { title: `${name}, ${dataset.name}`, robots: { index: false } };
}

const first = (value: string | string[] | undefined): string | undefined => [value ?? []].flat()[0];

/** One image of a data set with its annotated cells, where they are public, and the cells of up to two entries. */
export default async function ViewerPage({ params, searchParams }: Props) {
  const viewed = await load((await params).name);
  const { dataset, packed, truth, pictures } = viewed;
  const asked = await searchParams;
  const who = await viewer();
  const { fileNames, width, height } = packed.images;
  const index = findImage(fileNames, first(asked.image));
  if (index === null) notFound();
  const entries = await listViewable(who, dataset);
  const chosen = async (id: string | undefined) =>
    id ? (entries.find((entry) => entry.id === id) ?? (await viewableEntry(who, id, dataset))) : null;
  // without a choice, the first entry; `a=` shows none
  const a = asked.a === undefined ? (entries[0] ?? null) : await chosen(first(asked.a));
  const b = await chosen(first(asked.b));
  const refused = (first(asked.a) && !a) || (first(asked.b) && !b);
  const base = `/datasets/${encodeURIComponent(dataset.name)}`;
  const api = `/api/v1/datasets/${encodeURIComponent(dataset.name)}`;
  const named = pictureNames(fileNames);
  const hrefOf = (image: number): string => {
    const unique = fileNames.indexOf(fileNames[image]) === image;
    const query = new URLSearchParams({ image: unique ? fileNames[image] : String(image) });
    if (asked.a !== undefined) query.set('a', a?.id ?? '');
    if (b) query.set('b', b.id);
    return `${base}/viewer?${query}`;
  };
  const layersAt = (image: number): Partial<Record<MapName, AddressedLayer>> => ({
    ...(truth && { truth: { label: 'Annotation', address: `${api}/cells/${image}` } }),
    ...(a && { a: { label: a.method, address: `/api/v1/submissions/${a.id}/cells/${image}` } }),
    ...(b && {
      b: {
        label: b.method === a?.method ? `${b.method} (B)` : b.method,
        address: `/api/v1/submissions/${b.id}/cells/${image}`,
      },
    }),
  });
  const neighbours = [index + 1, index - 1].filter((image) => image >= 0 && image < fileNames.length);
  const type = cellTypeOf(fileNames[index]);
  const place = parseImageName(fileNames[index]);
  const picture =
    pictures === null ? null : `${base}/pictures/${encodeURIComponent(named[index])}.png?as=stretched&v=${pictures}`;
  const field = fieldOf(fileNames, index);
  const from = /^\d{1,6}$/.test(first(asked.from) ?? '') ? Number(first(asked.from)) : 0;
  const words = { viewer: who, image: index, entry: a?.id, from, most: CELLS_ON_A_PAGE };
  const rows = truth ? await cellRows(viewed, words) : null;
  return (
    <div className="page viewer-page">
      <header className="page-head">
        <p className="eyebrow">
          <Link href={base}>{dataset.name}</Link>
        </p>
        <h1>{fileNames[index]}</h1>
        <p className="muted">
          {type && `${CELL_TYPE_NAMES[type]}, `}
          {place && `well ${place.well}, location ${place.location}, ${hours(place.minutes / 60)} h, `}
          {width[index]} × {height[index]} pixels, image {integer(index + 1)} of {integer(fileNames.length)}.
          {!truth && ' The annotations of this data set are not public: only your own predictions can be shown.'}
          {!picture && ' Its pictures are not public, or not registered.'}
        </p>
      </header>
      {refused && (
        <div className="alert" data-kind="warn">
          <p>
            The owner of this entry does not show its cells, or they are being prepared: this is done after the score.
          </p>
        </div>
      )}
      <form method="get" action={`${base}/viewer`} className="viewer-choice cluster">
        <input
          type="hidden"
          name="image"
          value={fileNames.indexOf(fileNames[index]) === index ? fileNames[index] : index}
        />
        {(['a', 'b'] as const).map((side) => (
          <label key={side}>
            Entry {side.toUpperCase()}{' '}
            <select name={side} defaultValue={(side === 'a' ? a : b)?.id ?? ''}>
              <option value="">none</option>
              {[
                ...entries,
                ...[side === 'a' ? a : b].filter((one) => one && !entries.some(({ id }) => id === one.id)),
              ].map(
                (entry) =>
                  entry && (
                    <option key={entry.id} value={entry.id}>
                      {entry.method}
                    </option>
                  ),
              )}
            </select>
          </label>
        ))}
        <button type="submit" className="button-small">
          Show
        </button>
        <span className="viewer-steps">
          {index > 0 && (
            <Link href={hrefOf(index - 1)} rel="prev">
              ← Image before
            </Link>
          )}{' '}
          {index + 1 < fileNames.length && (
            <Link href={hrefOf(index + 1)} rel="next">
              Image after →
            </Link>
          )}
        </span>
      </form>
      {entries.length === 0 && !a && (
        <p className="hint">
          No entry shows its cells here. Owners decide that on the pages of their submissions; nothing is shown without
          their consent.
        </p>
      )}
      <Viewer
        key={`${index} ${a?.id} ${b?.id}`}
        image={{ width: width[index], height: height[index], name: fileNames[index] }}
        picture={picture}
        layers={layersAt(index)}
        previous={index > 0 ? hrefOf(index - 1) : null}
        next={index + 1 < fileNames.length ? hrefOf(index + 1) : null}
        ahead={neighbours.flatMap((image) => Object.values(layersAt(image)).map(({ address }) => address))}
        cell={first(asked.cell) ?? null}
      />
      <noscript>
        <p className="alert" data-kind="info">
          Drawing needs a script. {picture && <a href={picture}>The picture</a>}
          {Object.values(layersAt(index)).map(({ label, address }) => (
            <span key={address}>
              {' · '}
              <a href={address}>{label} as JSON</a>
            </span>
          ))}
        </p>
        {rows && (
          <CellsInWords
            cells={rows}
            from={from}
            method={a?.method ?? null}
            hrefFrom={(place) => `${hrefOf(index)}&from=${place}`}
          />
        )}
      </noscript>
      {field.length > 1 && (
        <nav className="time-strip" aria-label="The same field at other times">
          <h2>The same field over time</h2>
          <ol>
            {field.map(({ index: other, name, minutes }) => (
              <li key={other}>
                <Link
                  href={hrefOf(other)}
                  aria-current={other === index ? 'page' : undefined}
                  title={name}
                  prefetch={false}
                >
                  {pictures !== null && (
                    // biome-ignore lint/performance/noImgElement: a thumbnail that has its size already
                    <img
                      src={`${base}/pictures/${encodeURIComponent(named[other])}.png?as=small&v=${pictures}`}
                      alt=""
                      width={Math.floor(width[other] / 4)}
                      height={Math.floor(height[other] / 4)}
                      loading="lazy"
                    />
                  )}
                  <span>{hours(minutes / 60)} h</span>
                </Link>
              </li>
            ))}
          </ol>
        </nav>
      )}
    </div>
  );
}
