import type { ReactNode } from 'react';
import { viewer } from '#app/_server/http.ts';
import { canModerate } from '#lib/permissions.ts';
import { MaintainNav } from './nav.tsx';
import './maintain.css';

/** The frame of the maintainers' pages. Each page checks the viewer itself; strangers get “not found”. */
export default async function MaintainLayout({ children }: { children: ReactNode }) {
  return (
    <>
      {canModerate(await viewer()) && <MaintainNav />}
      {children}
    </>
  );
}
