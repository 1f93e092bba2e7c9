/** The head of an entry's page: what it is, by whom, where it stands, and what can be taken along. */
import Link from 'next/link';
import type { ReactNode } from 'react';
import { CopyButton } from '#app/_components/copy-button.tsx';
import { OrcidId } from '#app/_components/orcid.tsx';
import { LevelMark } from '#app/_components/trust-badge.tsx';
import type { Place } from '#app/_server/standing.ts';
import type { ScoreHistory } from '#db/board/score-history.ts';
import type { EntryTiming } from '#db/board/timing.ts';
import type { ProtocolId } from '#lib/coco/protocol.ts';
import { day } from '#lib/format.ts';
import type { PublicEntry } from '#lib/public-entry.ts';
import type { DensityCost } from '#lib/scoring/error-costs.ts';
import { parseTask } from '#lib/tasks/index.ts';
import type { Report } from '#lib/tasks/report.ts';
import type { OfferedFile } from './sharing-facts.tsx';

export interface EntryProps {
  entry: PublicEntry;
  /** the data set's name */
  dataset: string;
  /** which part of it is scored, in words; null: the whole */
  part?: string | null;
  reports: Partial<Record<ProtocolId, Report>>;
  /** all its scores */
  history: ScoreHistory;
  /** its place on the board; null: the board does not show it */
  place: Place | null;
  /** how long it took for each image; null or absent: the submission does not say */
  timing?: EntryTiming | null;
  /** what each kind of error costs by density; null or absent: not computed, or not to be told */
  densities?: readonly DensityCost[] | null;
  /** BibTeX; null: it stands on no board */
  cite: string | null;
  /** the protocol parameter of the address */
  asked: string | string[] | undefined;
  /** the viewer is the owner, in the team, or a maintainer */
  inside: boolean;
  /** the viewer's actions */
  deeds?: ReactNode;
  /** where to say what is wrong with it */
  report?: ReactNode;
  links: {
    /** prediction files that the viewer may download */
    files?: OfferedFile[];
    /** the page itself */
    page: string;
    receipt: string;
    /** null: the ground truth is not public, or the viewer has a reviewers’ link */
    images: string | null;
    /** null: the viewer has no access by the API */
    json: string | null;
    /** null: the entry is not public and has no badge */
    badge: string | null;
  };
}

export function EntryHead({
  entry,
  place,
  cite,
  inside,
  deeds,
  report,
  links,
  hasReport,
}: EntryProps & { hasReport: boolean }) {
  const task = parseTask(entry.task);
  return (
    <header className="page-head entry-head">
      <p className="eyebrow">
        <Link href={`/leaderboards/${entry.task}`}>{task?.name ?? entry.task}</Link>
      </p>
      <h1>{entry.method}</h1>
      <p className="fact-line">
        <span>{by(entry)}</span>
        {entry.publishedAt && <span>published {day(entry.publishedAt)}</span>}
        {place && <Rank place={place} />}
        {entry.methodId && entry.version !== null && (
          <Link href={`/methods/${entry.methodId}`}>Version {entry.version}, all versions</Link>
        )}
        {entry.paperUrl && (
          <a href={entry.paperUrl} rel="nofollow ugc noopener">
            Paper
          </a>
        )}
        {entry.codeUrl && (
          <a href={entry.codeUrl} rel="nofollow ugc noopener">
            Code
          </a>
        )}
      </p>
      <Submitter entry={entry} />
      <div className="cluster entry-deeds">
        <Badges entry={entry} />
        {cite && (
          <details className="menu">
            <summary>Cite</summary>
            <div className="menu-body cite">
              <pre>{cite.trim()}</pre>
              <CopyButton text={cite} what="the BibTeX entry" />
            </div>
          </details>
        )}
        {hasReport && (
          <details className="menu">
            <summary>Download</summary>
            <ul className="menu-body downloads">
              <li>
                <a href={links.receipt}>Score receipt</a>
              </li>
              {links.json && (
                <li>
                  <a href={links.json}>All of this as JSON</a>
                </li>
              )}
              {links.images && (
                <li>
                  <a href={`/api/v1/submissions/${entry.id}/images?format=csv`}>Every image as CSV</a>
                </li>
              )}
              {links.badge && (
                <li>
                  <a href={links.badge}>Badge (SVG)</a>
                </li>
              )}
            </ul>
          </details>
        )}
        {inside && <Link href={`/submissions/${entry.id}`}>Manage this submission</Link>}
        {deeds}
        {report}
      </div>
    </header>
  );
}

function Rank({ place: { row, of } }: { place: NonNullable<EntryProps['place']> }) {
  const { rank, rankRange } = row;
  if (rank === null) return null;
  const isRange = rankRange !== null && rankRange[0] !== rankRange[1];
  return (
    <span
      title={
        isRange ? `Rank ${rank}; on other fields of view it could be ${rankRange[0]} to ${rankRange[1]}` : undefined
      }
    >
      Rank <b>{isRange ? rankRange.join('–') : rank}</b> of {of}
    </span>
  );
}

function Badges({ entry }: { entry: PublicEntry }) {
  return (
    <>
      {entry.featured && (
        <span className="badge" data-kind="info" title="Chosen by the maintainers to compare with">
          Baseline
        </span>
      )}
      <LevelMark entry={entry} />
      {entry.demo && (
        <span
          className="badge"
          title="On synthetic images. It was scored by the same pipeline as any other and says nothing about a real method."
        >
          Demo
        </span>
      )}
      {entry.visibility !== 'published' && (
        <span className="badge" data-kind="warn">
          {entry.visibility === 'pending' ? 'Waiting for approval' : entry.visibility}
        </span>
      )}
      {entry.testImagesSeen && (
        <span className="badge" data-kind="warn">
          Test images seen
        </span>
      )}
    </>
  );
}

/** The submitter with affiliation and the iD they signed in with; nothing while the entry is sealed. */
function Submitter({ entry: { submitter, affiliation, orcid } }: { entry: PublicEntry }) {
  if (!submitter || !(affiliation || orcid)) return null;
  return (
    <p className="cluster muted">
      <span>Submitted by {[submitter, affiliation].filter(Boolean).join(', ')}</span>
      {orcid && <OrcidId orcid={orcid} />}
    </p>
  );
}

/** Return the names shown beside the method. */
function by({ anonymous, submitter, team, authors, demo }: PublicEntry): string {
  if (anonymous && !anonymous.identityShown) return 'Anonymous';
  const people = authors || submitter;
  return [people, team].filter(Boolean).join(', ') || (demo ? 'LIVECell benchmark' : 'Submitter not named');
}
