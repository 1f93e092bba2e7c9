/** Drawings used more than once. All are decoration: the words beside them carry the meaning. */
import type { ReactNode } from 'react';

/** The site's mark: three cells in contact. */
export function Mark() {
  return (
    <svg
      width="26"
      height="26"
      viewBox="0 0 26 26"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.7"
      aria-hidden="true"
    >
      <path d="M3.2 10.4C2.4 6 5.6 2.6 9.6 2.7c3 .1 4.3 2.3 4.1 4.8-.2 2.9-1.7 3.3-2 5.7-.3 1.8-1.6 3.3-3.7 3.2-2.8-.1-4.3-2.9-4.8-6Z" />
      <path d="M14.4 7.8c1-2.7 4-3.5 6.3-1.7 2.4 1.9 3.2 5.6 1.5 8-1.5 2.2-4.2 2-6.3 1.3-2.2-.8-3.2-1.5-3-3.4.2-1.8.9-2.6 1.5-4.2Z" />
      <path d="M11.2 15.2c1.7-.6 3 .8 5 1.3 2.2.5 3.5 1.6 2.9 3.7-.8 2.7-4.1 3.7-7 3.2-2.9-.5-5.3-2.2-4.9-4.7.2-1.9 2.1-2.8 4-3.5Z" />
      <circle cx="8" cy="8.6" r="1.5" fill="currentColor" stroke="none" />
      <circle cx="18" cy="11" r="1.5" fill="currentColor" stroke="none" />
      <circle cx="13" cy="19.6" r="1.5" fill="currentColor" stroke="none" />
    </svg>
  );
}

export function SunMoon() {
  return (
    <SmallIcon>
      <circle cx="9" cy="9" r="6.5" />
      <path d="M9 2.5a6.5 6.5 0 0 1 0 13Z" fill="currentColor" />
    </SmallIcon>
  );
}

export function Bell() {
  return (
    <SmallIcon>
      <path d="M4.5 12.5V8a4.5 4.5 0 0 1 9 0v4.5l1.2 1.2H3.3Z" strokeLinejoin="round" />
      <path d="M7.4 15.6a1.7 1.7 0 0 0 3.2 0" strokeLinecap="round" />
    </SmallIcon>
  );
}

/** A line drawing of 18 × 18 pixels, for readers who see it; its control carries the name. */
function SmallIcon({ children }: { children: ReactNode }) {
  return (
    <svg
      width="18"
      height="18"
      viewBox="0 0 18 18"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}
