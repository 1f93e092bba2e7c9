'use client';

import { type ReactNode, useId, useState } from 'react';
import { Dialog } from '#app/_components/dialog.tsx';

interface Props {
  title: string;
  /** address of the whole picture, also where there is no script */
  picture: string;
  /** address of the outlines; null: they are not public */
  outlines: string | null;
  children: ReactNode;
}

/** A small picture that opens large, where it can be looked at more closely. */
export function Zoom({ title, picture, outlines, children }: Props) {
  const [open, setOpen] = useState(false);
  const [times, setTimes] = useState(1);
  const [drawn, setDrawn] = useState(true);
  const id = useId();
  return (
    <>
      <a
        href={picture}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          setOpen(true);
        }}
      >
        {children}
      </a>
      <Dialog title={title} open={open} onClose={() => setOpen(false)} wide>
        <div className="zoom-tools">
          <label htmlFor={id}>
            Zoom{' '}
            <input
              id={id}
              type="range"
              min={1}
              max={6}
              step={0.5}
              value={times}
              onChange={(event) => setTimes(Number(event.target.value))}
            />{' '}
            {times} ×
          </label>
          {outlines && (
            <label className="check">
              <input type="checkbox" checked={drawn} onChange={(event) => setDrawn(event.target.checked)} />
              Outlines
            </label>
          )}
          <a href={picture} download>
            Save the picture
          </a>
          <button type="button" onClick={() => setOpen(false)}>
            Close
          </button>
        </div>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling frame must be reachable by keyboard */}
        <section className="zoom-frame" tabIndex={0} aria-label={`${title}, scrolls when zoomed`}>
          <div style={{ width: `${100 * times}%` }}>
            {/* biome-ignore lint/performance/noImgElement: it may not be kept by others */}
            <img src={`${picture}?as=stretched`} alt={title} />
            {outlines && drawn && (
              // biome-ignore lint/performance/noImgElement: as above
              <img className="outlines" src={outlines} alt="" />
            )}
          </div>
        </section>
      </Dialog>
    </>
  );
}
