'use client';

import { useId, useState } from 'react';
import { HelpLink } from '#app/_components/help-link.tsx';
import { Viewer } from '#app/datasets/[name]/viewer/viewer.tsx';
import { integer } from '#lib/format.ts';
import type { Drawable } from '#lib/local/local-file.ts';
import type { Drawing, ListedImage } from './worker.ts';
import '#app/datasets/[name]/viewer/viewer.css';

interface Props {
  drawable: Omit<Drawable, 'accepted'>;
  images: readonly ListedImage[];
  /** the cells of the image that was asked for last, once they are painted */
  drawing: Drawing | null;
  /** pictures that the reader chose, by image */
  pictures: ReadonlyMap<number, ImageBitmap>;
  /** why a picture cannot be shown */
  problem: string | null;
  onDraw(image: number): void;
  onPictures(files: readonly File[], shown: number): void;
}

/** The predicted cells of a few images in the viewer, over their pictures where there are any. */
export function Overlays({ drawable, images, drawing, pictures, problem, onDraw, onPictures }: Props) {
  const id = useId();
  const [over, setOver] = useState(false);
  const { perImage, worth } = drawable;
  if (!drawing) return null;
  const { image, cells } = drawing;
  const { file_name: name = '', picture: address } = images[image] ?? {};
  const picture = pictures.get(image) ?? address ?? null;
  const drop = (files: FileList | null) => onPictures([...(files ?? [])], image);
  return (
    <section
      className="section check-overlays"
      aria-labelledby={`${id}head`}
      data-over={over || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        drop(event.dataTransfer.files);
      }}
    >
      <h2 id={`${id}head`}>Look at a few images</h2>
      <p>
        Do the outlines look like cells, and lie where cells are? If they are shifted, mirrored or turned, the masks
        were written in another order.
      </p>
      <ul className="check-worth">
        {worth.map(({ image: other, why, code }) => (
          <li key={other}>
            <button type="button" className="button-link" aria-pressed={other === image} onClick={() => onDraw(other)}>
              {images[other]?.file_name}
            </button>{' '}
            <span className="hint">
              {why} {code && <HelpLink code={code} />}
            </span>
          </li>
        ))}
      </ul>
      <p className="field">
        <label htmlFor={id}>Outlines on</label>
        <select id={id} value={image} onChange={(event) => onDraw(Number(event.target.value))}>
          {images.map(({ id, file_name }, i) => (
            <option key={String(id)} value={i}>
              {file_name} ({integer(perImage[i] ?? 0)})
            </option>
          ))}
        </select>
      </p>
      <Viewer
        key={image}
        image={{ width: cells.map.width, height: cells.map.height, name }}
        picture={picture}
        layers={{ a: { label: 'this file', cells } }}
        previous={null}
        next={null}
        ahead={[]}
        cell={null}
        unaddressed
      />
      <p className="hint">
        {cells.masks === 0
          ? 'The file has no detections on this image that could be read.'
          : cells.masks < perImage[image] &&
            `Only the ${integer(cells.masks)} surest of ${integer(perImage[image])} detections are drawn.`}{' '}
        {picture === null && 'The site has no public picture of this image.'}
      </p>
      <p className="field">
        <label htmlFor={`${id}picture`}>Pictures of your own, to lie under the outlines</label>
        <input
          id={`${id}picture`}
          type="file"
          multiple
          accept=".tif,.tiff,.png,.jpg,.jpeg,.webp,.bmp"
          onChange={(event) => drop(event.target.files)}
        />
        <span className="hint">
          TIFF, PNG or JPEG; or drop them here. A picture named as an image goes with it, any other with the image that
          is shown. They stay on your computer.
        </span>
      </p>
      {problem && (
        <p className="error" role="alert">
          {problem}
        </p>
      )}
    </section>
  );
}
