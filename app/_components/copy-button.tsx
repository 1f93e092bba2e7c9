'use client';

import { useState } from 'react';

/** Copies a text; without a script it is not there, and the text is shown in full beside it. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [said, setSaid] = useState('');
  return (
    <span className="copy">
      <button
        type="button"
        className="button-small"
        aria-label={`Copy ${what}`}
        onClick={async () => {
          try {
            await navigator.clipboard.writeText(text);
            setSaid('Copied');
          } catch {
            // pages without https may not write to the clipboard
            setSaid('Not allowed by your browser: select the text');
          }
        }}
      >
        Copy
      </button>
      <span role="status" className="muted">
        {said}
      </span>
    </span>
  );
}
