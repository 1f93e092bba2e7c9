/** The submitter's statements, and the files sent. */
import type { SubmissionDetail } from '#db/submissions/submissions.ts';
import { bytes, integer, moment } from '#lib/format.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { EXPOSURE_NAMES } from '#lib/vocabulary.ts';

export function Details({ submission, withFiles }: { submission: SubmissionDetail; withFiles: boolean }) {
  const { description, paperUrl, codeUrl, trainingData, testImagesSeen, exposure, dataset, user, createdAt } =
    submission;
  return (
    <section className="section" aria-labelledby="details">
      <h2 id="details">Details</h2>
      <dl className="facts">
        <dt>Submitted</dt>
        <dd>
          {moment(createdAt)}
          {user?.name && ` by ${user.name}`}
        </dd>
        <dt>Data set</dt>
        <dd>
          {parseTask(submission.task)?.slotsAreDatasets && submission.files.length > 1
            ? submission.files.map(({ slot }) => slot).join(', ')
            : `${dataset.name}, ${integer(dataset.images)} images`}
          {dataset.demo && ' (synthetic demo)'}
        </dd>
        {description && (
          <>
            <dt>Description</dt>
            <dd style={{ whiteSpace: 'pre-line' }}>{description}</dd>
          </>
        )}
        {paperUrl && (
          <>
            <dt>Paper</dt>
            <dd>
              <a href={paperUrl} rel="nofollow noopener">
                {paperUrl}
              </a>
            </dd>
          </>
        )}
        {codeUrl && (
          <>
            <dt>Code</dt>
            <dd>
              <a href={codeUrl} rel="nofollow noopener">
                {codeUrl}
              </a>
            </dd>
          </>
        )}
        <dt>Trained on</dt>
        <dd>{trainingData || 'not said'}</dd>
        <dt>LIVECell</dt>
        <dd>{exposure ? EXPOSURE_NAMES[exposure] : 'not declared'}</dd>
        <dt>Test images</dt>
        <dd>{testImagesSeen ? 'seen in training or tuning' : 'not seen'}</dd>
        {submission.anyCategory && (
          <>
            <dt>Categories</dt>
            <dd>detections of every category are counted as cells</dd>
          </>
        )}
        {submission.files.map((file) => (
          <div key={file.id} style={{ display: 'contents' }}>
            <dt>File{submission.files.length > 1 && ` (${file.slot})`}</dt>
            <dd>
              {withFiles && `${file.fileName}, `}
              {bytes(file.bytes)}
              {submission.filesDeletedAt && `, deleted on ${moment(submission.filesDeletedAt)}`}
              <br />
              <span className="mono">SHA-256 {file.sha256}</span>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
