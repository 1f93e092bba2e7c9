import type { Metadata } from 'next';
import Link from 'next/link';

export const metadata: Metadata = {
  title: 'Documentation',
  description: 'How to take part in the LIVECell benchmark: scoring, problems of files, tasks, data sets and the API.',
};

export default function DocsPage() {
  return (
    <div className="page">
      <header className="page-head">
        <h1>Documentation</h1>
        <p className="lead">How files are checked and scored, and where to look when something is wrong.</p>
      </header>
      <section className="section first" aria-labelledby="pages">
        <h2 id="pages">Pages</h2>
        <ul>
          <li>
            <Link href="/protocol">How scores are computed</Link>: AP, AFNR, size classes and detection limits.
          </li>
          <li>
            <Link href="/docs/my-number">What is my number?</Link>: the full name of a number that a tool or a paper
            reports, and what it may be compared with.
          </li>
          <li>
            <Link href="/published">Published numbers</Link>: what others report for LIVECell, with sources.
          </li>
          <li>
            <Link href="/docs/tools">Submit from your tool</Link>: detectron2, MMDetection, Ultralytics, torchvision,
            Cellpose, StarDist and micro-sam.
          </li>
          <li>
            <Link href="/docs/formats">File formats</Link>: what can be submitted, with examples and limits.
          </li>
          <li>
            <Link href="/docs/problems">Problems and warnings</Link>: every code with an example and the remedy.
          </li>
          <li>
            <Link href="/tasks">Tasks</Link>: what each of them asks for, and in which files.
          </li>
          <li>
            <Link href="/datasets">Data sets</Link>: the images that are scored, with their ids and sizes.
          </li>
          <li>
            <Link href="/docs/limits">Limits on requests</Link>: how many a person or a program may send, and what
            happens above that.
          </li>
          <li>
            <Link href="/docs/privacy">Privacy</Link>, <Link href="/docs/terms">terms of use</Link>,{' '}
            <Link href="/docs/moderation">moderation</Link>,{' '}
            <Link href="/docs/retention">how long things are kept</Link>, and how to{' '}
            <Link href="/docs/security">report a security problem</Link>.
          </li>
          <li>
            <Link href="/snapshots">Snapshots of the boards</Link>: each board as it was on earlier days, to be cited;
            and <Link href="/changes">every score ever shown</Link>, with the reason where it changed.
          </li>
          <li>
            <Link href="/verify">Check a receipt</Link>: whether this site issued it, and whether anything was changed.
          </li>
          <li>
            <Link href="/docs/api">API</Link>: the site for programs, with examples in curl, Python and JavaScript.
          </li>
          <li>
            <Link href="/docs/command-line">Command line</Link>: score, check, convert and submit from a terminal.
          </li>
          <li>
            <Link href="/docs/operators">For operators</Link>: run a site like this one.
          </li>
        </ul>
      </section>
    </div>
  );
}
