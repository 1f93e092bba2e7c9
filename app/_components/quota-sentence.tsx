import type { PlacesBody } from '#lib/http/api.ts';
import { quotaInWords } from '#lib/quota.ts';
import { LocalTime } from './local-time.tsx';

/** The state of a quota in two sentences. `whose` begins them: “You have”, “The team … has”. */
export function PlacesInWords({ places, days, whose }: { places: PlacesBody; days: number; whose: string }) {
  const { limit, charged, reserved, left, nextSlotAt } = places;
  const open = reserved > 0 ? `, and ${reserved} without a score yet` : '';
  if (limit === null || left === null)
    return (
      <>
        There is no limit here. {whose} {charged} scored in the last {days === 1 ? 'day' : `${days} days`}
        {open}.
      </>
    );
  return (
    <>
      {whose} {charged} of {quotaInWords({ limit, days })}
      {open}: {left === 0 ? 'none left' : `${left} left`}.
      {nextSlotAt && (
        <>
          {' '}
          Next slot at <LocalTime at={nextSlotAt} />
          {reserved > 0 && ', sooner if one that waits gets no score'}.
        </>
      )}
    </>
  );
}
