'use client';

import type { KeyboardEvent, ReactNode } from 'react';

/** What each key goes to, within a case. */
const TARGETS: Readonly<Record<string, string>> = {
  x: 'input[type=checkbox]',
  r: 'textarea',
  a: 'button[value=approve]',
};

/**
 * Cases that single keys go through, while the focus is among them: keys move, and Enter or Space acts, so that nothing
 * is decided by a slip.
 */
export function CaseList({ children }: { children: ReactNode }) {
  const press = (event: KeyboardEvent<HTMLOListElement>) => {
    const from = event.target as HTMLElement;
    const types = from.matches('textarea, input:not([type=checkbox]), select');
    if (types && event.key === 'Escape') from.closest('.case')?.querySelector<HTMLElement>('h3 a')?.focus();
    if (types || event.ctrlKey || event.metaKey || event.altKey) return;
    const cases = [...event.currentTarget.querySelectorAll<HTMLElement>('.case')];
    const at = cases.findIndex((one) => one.contains(from));
    const key = event.key.toLowerCase();
    const step = { j: 1, k: -1 }[key];
    const target =
      step === undefined
        ? Object.hasOwn(TARGETS, key) && cases[at]?.querySelector<HTMLElement>(TARGETS[key])
        : cases[Math.min(cases.length - 1, Math.max(0, at + step))]?.querySelector<HTMLElement>('h3 a');
    if (!target) return;
    event.preventDefault();
    target.focus();
    target.scrollIntoView({ block: 'nearest' });
    if (key === 'x') target.click();
  };
  return (
    <>
      <p className="hint keys">
        Keys, while the focus is in the list: <kbd>J</kbd> and <kbd>K</kbd> go to the next and the previous entry,{' '}
        <kbd>R</kbd> to the words for its owner, <kbd>A</kbd> to Approve, <kbd>X</kbd> checks it, <kbd>Esc</kbd> leaves
        the words.
      </p>
      <ol className="cases" onKeyDown={press}>
        {children}
      </ol>
    </>
  );
}
