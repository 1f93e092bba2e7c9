'use client';

import { type ReactNode, useEffect, useId, useRef } from 'react';
import './dialog.css';

interface Props {
  title: string;
  open: boolean;
  onClose: () => void;
  /** how much is at stake: `bad` for what cannot be undone */
  kind?: 'plain' | 'bad';
  wide?: boolean;
  children: ReactNode;
}

/** A dialog above the page: Escape and its backdrop close it, and the keyboard stays inside. */
export function Dialog({ title, open, onClose, kind = 'plain', wide, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    if (open && element && !element.open) element.showModal();
    if (!open) element?.close();
  }, [open]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it, as the platform does
    <dialog
      ref={dialog}
      className="dialog"
      data-kind={kind}
      data-wide={wide}
      aria-labelledby={id}
      onClose={onClose}
      // the backdrop belongs to the dialog itself, everything else to what is inside
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      {open && (
        <div className="dialog-body">
          <h2 id={id}>{title}</h2>
          {children}
        </div>
      )}
    </dialog>
  );
}
