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
            <Link href="/docs/problems">Problems and warnings</Link>: every code with an example and the remedy.
          </li>
          <li>
            <Link href="/tasks">Tasks</Link>: what each of them asks for, and in which files.
          </li>
          <li>
            <Link href="/datasets">Data sets</Link>: the images that are scored, with their ids and sizes.
          </li>
          <li>
            <a href="/api/v1/openapi.json">API</a>: the site’s addresses for programs, as an OpenAPI document.
          </li>
        </ul>
      </section>
    </div>
  );
}
