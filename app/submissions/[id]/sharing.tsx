import type { SubmissionDetail } from '#db/submissions/submissions.ts';
import * as may from '#lib/permissions.ts';
import { isSealed } from '#lib/public-entry.ts';
import { SharingForm } from './sharing-form.tsx';

/** For the entry's owners: what others may do with its predictions. */
export function Sharing({ submission, who }: { submission: SubmissionDetail; who: may.Viewer }) {
  if (!may.canChangeSharing(who, submission)) return null;
  const { id, licence, cellsShown, filesShared } = submission;
  const open = may.isPublic(submission);
  return (
    <section className="section stack" aria-labelledby="sharing">
      <h2 id="sharing">Your predictions</h2>
      <p className="prose">
        {cellsShown || filesShared
          ? `${open ? 'Others' : 'Once it is published, others'} may ${[cellsShown && 'see the predicted cells', filesShared && 'download the files'].filter(Boolean).join(' and ')}.`
          : 'Nobody but you and the maintainers sees the predicted cells or gets the files.'}
        {filesShared &&
          isSealed(submission, new Date()) &&
          ' Files may name people, so they stay closed while the entry is anonymous.'}
      </p>
      <SharingForm id={id} chosen={{ licence, cellsShown, filesShared }} />
    </section>
  );
}
