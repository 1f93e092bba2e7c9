import type { ReactNode } from 'react';
import { viewer } from '#app/_server/http.ts';
import { canModerate } from '#lib/permissions.ts';
import { MaintainNav } from './nav.tsx';
import './maintain.css';

/** Each page asks for itself who is there; strangers see no trace of these rooms. */
export default async function MaintainLayout({ children }: { children: ReactNode }) {
  return (
    <>
      {canModerate(await viewer()) && <MaintainNav />}
      {children}
    </>
  );
}
