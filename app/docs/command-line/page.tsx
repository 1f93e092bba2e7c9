import type { Metadata } from 'next';
import Link from 'next/link';
import { CommandTable } from './command-table.tsx';
import { FOR_RESEARCHERS } from './commands.ts';

export const metadata: Metadata = {
  title: 'Command line',
  description: 'Score, check, convert, submit and verify from a terminal: every command with an example.',
};

export default function CommandLinePage() {
  return (
    <div className="page">
      <header className="page-head">
        <h1>Command line</h1>
        <p className="lead">
          The same checks and scores as here, without a server or an account; and uploads of any size, which go on where
          they were interrupted.
        </p>
      </header>
      <section className="section first" aria-labelledby="commands">
        <h2 id="commands">Commands</h2>
        <p className="prose">
          From a copy of the code, <code>npx livecell</code> runs it. <code>npm run pack:cli</code> there makes a
          package of half a megabyte that <code>npm install --global</code> installs anywhere with Node 20 or newer.{' '}
          <code>livecell &lt;command&gt; --help</code> lists the options of each.
        </p>
        <CommandTable label="Commands for researchers" commands={FOR_RESEARCHERS} />
      </section>
      <section className="section prose" aria-labelledby="programs">
        <h2 id="programs">In scripts</h2>
        <p>
          <code>--json</code> prints a report, or an error, as one JSON document on standard output; words for people go
          to standard error. The exit status is 0 when it is done, 1 when the input is wrong, 2 when the command is
          wrong, and 3 for a fault or when no site answers. A token comes from <code>livecell login</code>, from{' '}
          <code>LIVECELL_TOKEN</code> or from <code>--token</code>.
        </p>
        <p>
          What runs a site has <Link href="/docs/operators">commands of its own</Link>; programs may also use{' '}
          <Link href="/docs/api">the API</Link>.
        </p>
      </section>
    </div>
  );
}
