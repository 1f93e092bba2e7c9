import { Act } from '#app/_components/action-button.tsx';
import { markBaseline } from '#app/maintain/tasks/actions.ts';
import { canFeature, type Viewer } from '#lib/permissions.ts';

/** For maintainers: a button that marks an entry as a baseline or removes the mark. */
export function BaselineMark({
  entry,
  who,
}: {
  entry: Parameters<typeof canFeature>[1] & { id: string };
  who: Viewer;
}) {
  if (!canFeature(who, entry)) return null;
  return (
    <Act
      action={markBaseline}
      values={{ id: entry.id, featured: entry.featured ? 'no' : 'yes' }}
      label={entry.featured ? 'No longer a baseline' : 'Mark as a baseline'}
      kind="quiet"
    />
  );
}
