import { Act } from '#app/_components/action-button.tsx';
import type { SubmissionDetail } from '#db/submissions/submissions.ts';
import { moment } from '#lib/format.ts';
import * as may from '#lib/permissions.ts';
import { anonymousName, isSealed } from '#lib/public-entry.ts';
import { revealEntry, sealEntry, stopSharing } from '../anonymity-actions.ts';
import { ReviewLink } from './review-link.tsx';

/** For the entry's owners: whether it names its submitter, until when, and the link for reviewers. */
export function Anonymity({ submission, who }: { submission: SubmissionDetail; who: may.Viewer }) {
  const sealed = isSealed(submission, new Date());
  const canSeal = may.canMakeAnonymous(who, submission);
  const canShare = may.canShareWithReviewers(who, submission);
  if (!sealed && !canSeal && !canShare) return null;
  const { id, anonymousUntil, reviewSha256 } = submission;
  return (
    <section className="section stack" aria-labelledby="anonymity">
      <h2 id="anonymity">Anonymity and review</h2>
      {sealed ? (
        <p>
          You see the name “{submission.method}”; others see “{anonymousName(submission.anonymousNumber)}”, and nothing
          that identifies its makers,{' '}
          {anonymousUntil
            ? `until ${moment(anonymousUntil)}. Then its name becomes public automatically.`
            : 'until it is revealed.'}
        </p>
      ) : (
        <p>
          {canSeal
            ? 'While an entry is anonymous, only you and the maintainers see its name, people, links and descriptions.'
            : 'This entry has been public under its name, so it cannot become anonymous.'}
        </p>
      )}
      <div className="cluster">
        {canSeal && (
          <Act action={sealEntry} values={{ id }} label={sealed ? 'Change the date' : 'Make anonymous'}>
            <label htmlFor="until">Until (UTC, empty: until you reveal it)</label>
            <input
              id="until"
              name="until"
              type="date"
              defaultValue={sealed ? anonymousUntil?.toISOString().slice(0, 10) : undefined}
            />
          </Act>
        )}
        {may.canReveal(who, submission) && (
          <Act
            action={revealEntry}
            values={{ id }}
            label="Reveal now"
            confirm={{
              ask: 'Reveal who made this entry?',
              result: 'Once it has been public under its name, this cannot be undone.',
            }}
          />
        )}
      </div>
      {canShare && (
        <>
          <p>
            The link for reviewers shows the scores, charts and receipt of this entry, even before it is published, and
            hides who made it.{reviewSha256 && ' A link exists.'}
          </p>
          <div className="cluster">
            <ReviewLink id={id} exists={reviewSha256 !== null} />
            {reviewSha256 && <Act action={stopSharing} values={{ id }} label="Revoke the link" kind="danger" />}
          </div>
        </>
      )}
    </section>
  );
}
