import type { Metadata } from 'next';
import Link from 'next/link';
import type { Check } from '#lib/checks/check.ts';
import { CHECKS_BY_ROOM } from '#lib/checks/checks.ts';
import { integer } from '#lib/format.ts';

export const metadata: Metadata = {
  title: 'Problems and warnings',
  description:
    'Every problem and warning that the LIVECell benchmark reports about a file: an example, and how to mend it.',
};

const SEVERITIES: Readonly<Record<Check['as'], { word: string; kind: string }>> = {
  problem: { word: 'problem', kind: 'bad' },
  warning: { word: 'warning', kind: 'warn' },
  either: { word: 'problem or warning', kind: 'warn' },
};

export default function ProblemsPage() {
  const codes = CHECKS_BY_ROOM.reduce((sum, { checks }) => sum + Object.keys(checks).length, 0);
  return (
    <div className="page">
      <header className="page-head">
        <h1>Problems and warnings</h1>
        <p className="lead">
          What the checks find in files, with an example and the remedy. A problem rejects the file; a warning does not
          change the score, but is worth a look. The {integer(codes)} codes below are those of the API and of{' '}
          <code>validate --json</code>.
        </p>
      </header>
      <nav aria-label="On this page" className="section first">
        <ul>
          {CHECKS_BY_ROOM.map(({ title }) => (
            <li key={title}>
              <a href={`#${anchorOf(title)}`}>{title}</a>
            </li>
          ))}
        </ul>
      </nav>
      {CHECKS_BY_ROOM.map(({ title, checks }) => (
        <section key={title} className="section stack" aria-labelledby={anchorOf(title)}>
          <h2 id={anchorOf(title)}>{title}</h2>
          {Object.entries(checks).map(([code, check]) => (
            <Explanation key={code} code={code} check={check} />
          ))}
        </section>
      ))}
      <p>
        <Link href="/submit">Submit predictions</Link>, or <Link href="/docs">read the other documentation</Link>.
      </p>
    </div>
  );
}

function Explanation({ code, check }: { code: string; check: Check }) {
  const { word, kind } = SEVERITIES[check.as];
  return (
    <article className="explanation" id={code} aria-labelledby={`${code}-code`}>
      <h3 id={`${code}-code`}>
        <a href={`#${code}`}>{code}</a>
      </h3>
      <p>
        <span className="badge" data-kind={kind}>
          {word}
        </span>{' '}
        <span className="hint">{check.about}</span>
      </p>
      <p>{check.says}</p>
      <dl className="facts">
        <dt>For example</dt>
        <dd>{check.example}</dd>
        <dt>How to mend it</dt>
        <dd>{check.remedy}</dd>
      </dl>
    </article>
  );
}

/** Return the anchor of a room; no code begins with “about”. */
function anchorOf(title: string): string {
  return `about-${title.toLowerCase().replace(/[^a-z]+/g, '-')}`;
}
