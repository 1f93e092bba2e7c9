/** The viewer's actions on a submission: publish, take back, show, delete, withdraw. */
import { Act } from '#app/_components/action-button.tsx';
import type { SubmissionDetail } from '#db/submissions/submissions.ts';
import * as may from '#lib/permissions.ts';
import { isSealed } from '#lib/public-entry.ts';
import { WITHDRAWN_AS } from '#lib/tombstone.ts';
import { askToPublish, deleteSubmissionFiles, showThisVersion, takeBack, withdrawSubmission } from '../actions.ts';
import { OWNERS_REASONS } from '../withdrawal.ts';
import { tryFailedAgain } from './try-again.ts';

export function OwnerActions({ submission, who }: { submission: SubmissionDetail; who: may.Viewer }) {
  const values = { id: submission.id };
  return (
    <div className="cluster section">
      {may.canPublish(who, submission) && (
        <Act
          action={askToPublish}
          values={values}
          label={submission.moderatorNote ? 'Ask to publish again' : 'Ask to publish'}
          kind="primary"
        >
          {submission.moderatorNote && (
            <textarea name="message" aria-label="Your answer" placeholder="Your answer" rows={2} maxLength={1000} />
          )}
        </Act>
      )}
      {may.canTryAgain(who, submission) && (
        <Act
          action={tryFailedAgain}
          values={values}
          label={submission.state === 'failed' ? 'Put back into the queue' : 'Try again now'}
          kind="primary"
        />
      )}
      {may.canUnpublish(who, submission) && (
        <Act
          action={takeBack}
          values={values}
          label={submission.visibility === 'pending' ? 'Take back the request' : 'Unpublish'}
        />
      )}
      {may.canChooseShown(who, submission) && !isSealed(submission, new Date()) && (
        <Act action={showThisVersion} values={values} label="Show this version on the leaderboard" />
      )}
      {may.canDeleteFiles(who, submission) && (
        <Act
          action={deleteSubmissionFiles}
          values={values}
          label="Delete the files"
          confirm={{
            ask: 'Delete the prediction files?',
            result:
              'The scores stay. Without its files this submission cannot be scored again when the evaluator or the ground truth changes.',
          }}
        />
      )}
      {may.canWithdraw(who, submission) && (
        <Act
          action={withdrawSubmission}
          values={values}
          label="Withdraw"
          kind="danger"
          confirm={{
            ask: 'Withdraw this submission?',
            result: submission.wasPublished
              ? 'Its files are deleted and it leaves the leaderboard; its page says that it was withdrawn, and why. This cannot be undone.'
              : 'Its files are deleted. This cannot be undone.',
          }}
        >
          {submission.wasPublished && (
            <select
              name="reason"
              aria-label="Why it is withdrawn"
              required
              defaultValue=""
              style={{ maxWidth: 'calc(100vw - 2 * var(--gutter))' }}
            >
              <option value="" disabled>
                Why?
              </option>
              {OWNERS_REASONS.map((reason) => (
                <option key={reason} value={reason}>
                  {WITHDRAWN_AS[reason]}
                </option>
              ))}
            </select>
          )}
        </Act>
      )}
    </div>
  );
}
