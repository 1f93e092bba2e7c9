'use client';

import { SunMoon } from './icons.tsx';

/** Kept in a cookie, not in local storage: the server writes it into the page, so nothing flashes. */
export function ThemeToggle() {
  function toggle() {
    const root = document.documentElement;
    const dark = getComputedStyle(root).colorScheme === 'dark' || (!root.dataset.theme && systemIsDark());
    const theme = dark ? 'light' : 'dark';
    root.dataset.theme = theme;
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser yet
    document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax`;
  }
  return (
    <button type="button" className="icon-button" onClick={toggle} aria-label="Switch between light and dark">
      <SunMoon />
    </button>
  );
}

function systemIsDark() {
  return window.matchMedia('(prefers-color-scheme: dark)').matches;
}
