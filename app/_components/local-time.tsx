'use client';

import { useSyncExternalStore } from 'react';
import { moment } from '#lib/format.ts';

const LOCAL = { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' } as const;

/** A moment in the reader's time zone and in UTC; only in UTC until the browser has reported its zone. */
export function LocalTime({ at }: { at: string }) {
  const here = useSyncExternalStore(
    () => () => undefined,
    () => true,
    () => false,
  );
  const date = new Date(at);
  const zone = here ? Intl.DateTimeFormat(undefined, { timeZoneName: 'short' }).formatToParts(date) : [];
  const name = zone.find(({ type }) => type === 'timeZoneName')?.value;
  return (
    <time dateTime={at} className="num">
      {here && name !== 'UTC' && `${date.toLocaleString('en-GB', LOCAL)} ${name} · `}
      {moment(date)}
    </time>
  );
}
