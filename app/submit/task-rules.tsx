'use client';

import { PlacesInWords } from '#app/_components/quota-sentence.tsx';
import { bytes } from '#lib/format.ts';
import type { PlacesBody } from '#lib/http/api.ts';
import { quotaInWords } from '#lib/quota.ts';
import { LIMITS } from '#lib/readers/limits.ts';

/** What a maintainer has set for a task, and where one stands with it. */
export interface TaskRulesShown {
  open: boolean;
  closedReason: string | null;
  quota: { limit: number | null; days: number };
  maxBytes: number;
  /** one's own first, then those of teams, with the team's name */
  places: (PlacesBody & { name: string | null })[];
}

interface Props {
  name: string;
  rules: TaskRulesShown;
  /** the chosen data set is a demo, which is not counted */
  demo: boolean;
}

/** Said before a file is chosen: whether the task is open, how large, how often, and where one stands. */
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
          This is a demo data set: try as often as you like. Real ground truth takes {quotaInWords(quota)}, and counts
          only what got a score.
        </p>
      ) : (
        places.map((place) => (
          <p key={place.team ?? ''}>
            <PlacesInWords places={place} days={quota.days} whose={place.name ? `${place.name} has` : 'You have'} />
          </p>
        ))
      )}
      {none && <p>A submission would be refused now. What gets no score is not counted.</p>}
      {maxBytes < LIMITS.bytes && <p>A file may have at most {bytes(maxBytes)}.</p>}
    </div>
  );
}
