/** The state of a submission, in words. */
import type { SubmissionState, Visibility } from '#lib/vocabulary.ts';

const STATES: Readonly<Record<SubmissionState, { word: string; kind: string; says: string }>> = {
  uploading: { word: 'uploading', kind: 'info', says: 'The file is being uploaded.' },
  queued: { word: 'queued', kind: 'info', says: 'Waiting to be scored.' },
  scoring: { word: 'scoring', kind: 'info', says: 'Being scored.' },
  scored: { word: 'scored', kind: 'good', says: 'Scored.' },
  rejected: { word: 'rejected', kind: 'bad', says: 'The file has problems, so it was not scored.' },
  failed: { word: 'failed', kind: 'bad', says: 'Scoring failed on our side; the file may be fine.' },
  withdrawn: { word: 'withdrawn', kind: 'warn', says: 'Withdrawn by its owner. The file is deleted.' },
};

const VISIBLE: Readonly<Record<Visibility, { word: string; kind: string; says: string }>> = {
  private: { word: 'private', kind: 'plain', says: 'Seen by you and the maintainers only.' },
  pending: { word: 'asked to publish', kind: 'warn', says: 'Waiting for a maintainer’s approval.' },
  published: { word: 'published', kind: 'good', says: 'On the leaderboard.' },
  hidden: { word: 'hidden', kind: 'bad', says: 'Taken off the leaderboard by a maintainer.' },
};

export function StateBadge({ state }: { state: SubmissionState }) {
  return (
    <span className="badge" data-kind={STATES[state].kind}>
      {STATES[state].word}
    </span>
  );
}

export function VisibilityBadge({ visibility }: { visibility: Visibility }) {
  return (
    <span className="badge" data-kind={VISIBLE[visibility].kind}>
      {VISIBLE[visibility].word}
    </span>
  );
}

export function stateInWords(state: SubmissionState): string {
  return STATES[state].says;
}

export function visibilityInWords(visibility: Visibility): string {
  return VISIBLE[visibility].says;
}
