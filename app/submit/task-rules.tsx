'use client';

import { PlacesInWords } from '#app/_components/quota-sentence.tsx';
import { bytes } from '#lib/format.ts';
import type { PlacesBody } from '#lib/http/api.ts';
import { quotaInWords } from '#lib/quota.ts';
import { LIMITS } from '#lib/readers/limits.ts';

/** The settings of a task and the viewer's quota in it. */
export interface TaskRulesShown {
  open: boolean;
  closedReason: string | null;
  quota: { limit: number | null; days: number };
  maxBytes: number;
  /** the viewer's own quota first, then each team's, with the team's name */
  places: (PlacesBody & { name: string | null })[];
}

interface Props {
  name: string;
  rules: TaskRulesShown;
  /** the chosen data set is a demo, which is not counted */
  demo: boolean;
}

/** Shown before a file is chosen: whether the task is open, the size limit, and the remaining quota. */
export function TaskRules({ name, rules, demo }: Props) {
  const { open, closedReason, quota, maxBytes, places } = rules;
  if (!open)
    return (
      <p className="alert" data-kind="warn">
        {name} takes no submissions at the moment: {closedReason}
      </p>
    );
  const none = !demo && places.length > 0 && places.every(({ left }) => left === 0);
  return (
    <div className={none ? 'alert' : 'hint'} data-kind={none ? 'warn' : undefined}>
      {demo ? (
        <p>
          This is a demo data set: try as often as you like. Real ground truth takes {quotaInWords(quota)}; only
          submissions that get a score count.
        </p>
      ) : (
        places.map((place) => (
          <p key={place.team ?? ''}>
            <PlacesInWords places={place} days={quota.days} whose={place.name ? `${place.name} has` : 'You have'} />
          </p>
        ))
      )}
      {none && <p>A submission would be refused now. Only submissions that get a score count.</p>}
      {maxBytes < LIMITS.bytes && <p>A file may have at most {bytes(maxBytes)}.</p>}
    </div>
  );
}
