import type { Metadata } from 'next';
import Link from 'next/link';
import { Code } from '../code.tsx';
import { CommandTable } from '../command-line/command-table.tsx';
import { FOR_OPERATORS } from '../command-line/commands.ts';

export const metadata: Metadata = {
  title: 'For operators',
  description: 'Run a site like this one: install, watch, back up, restore, upgrade, and keep its keys.',
};

export default function OperatorsPage() {
  return (
    <div className="page">
      <header className="page-head">
        <h1>For operators</h1>
        <p className="lead">
          What it takes to run a site like this one, on one machine or on many. The code’s{' '}
          <code>docs/operations.md</code> has every step, every setting, and a section for each alert.
        </p>
      </header>
      <section className="section first prose" aria-labelledby="install">
        <h2 id="install">Install</h2>
        <p>
          <code>npm install && npm start</code> serves a whole site from one folder, for one person on one machine. In
          public it takes a PostgreSQL database and the site’s address: <code>DATABASE_URL</code>, <code>AUTH_URL</code>
          , <code>AUTH_SECRET</code>, and the keys of at least one sign-in service. Then the processes run apart, as
          many as needed:
        </p>
        <Code
          label="Commands that start a site"
          text={'livecell build\nlivecell migrate\nlivecell web\nlivecell worker\nlivecell doctor'}
        />
        <p>
          The folder <code>deploy</code> has units for systemd, a container file with <code>compose.yaml</code>, a Helm
          chart, and proxies’ settings. Files are in a folder that all processes share, or in an S3 bucket.
        </p>
      </section>
      <section className="section prose" aria-labelledby="watch">
        <h2 id="watch">Watch</h2>
        <p>
          <Link href="/status">The status page</Link> tells people what works; <code>livecell doctor</code> tells you
          what does not, and the command that mends it. <code>/api/ready</code> is for load balancers,{' '}
          <code>/api/metrics</code> for Prometheus, with alert rules and a dashboard beside it.
        </p>
      </section>
      <section className="section prose" aria-labelledby="back-up">
        <h2 id="back-up">Back up, restore, upgrade</h2>
        <Code
          label="Commands that back up and restore"
          text={
            'livecell backup /var/backups/livecell --verify\nLIVECELL_DATA=/srv/new DATABASE_URL=postgres://… livecell restore /var/backups/livecell'
          }
        />
        <p>
          A backup is taken while the site runs, holds database and files of one moment with a digest of each, and
          copies only what is new. Before an upgrade take one; then install the new version, run{' '}
          <code>livecell migrate</code>, and restart web processes and scoring processes one after another: old and new
          work side by side.
        </p>
      </section>
      <section className="section prose" aria-labelledby="keys">
        <h2 id="keys">Keys</h2>
        <p>
          Lose none of these: <code>AUTH_SECRET</code>, without which everybody signs in again; the database’s password;
          the bucket’s access key; and the key that signs receipts, which <code>livecell receipts rotate</code> replaces
          while the old public key stays published.
        </p>
      </section>
      <section className="section" aria-labelledby="commands">
        <h2 id="commands">Commands</h2>
        <CommandTable label="Commands for operators" commands={FOR_OPERATORS} />
      </section>
    </div>
  );
}
