import type { Metadata } from 'next';
import { headers } from 'next/headers';
import Link from 'next/link';
import { siteOf } from '#app/_server/site.ts';
import { Code } from '../code.tsx';
import { SNIPPETS, sendCode } from './snippets.ts';

export const metadata: Metadata = {
  title: 'Submit from your tool',
  description:
    'How outputs of detectron2, MMDetection, Ultralytics, torchvision, Cellpose, StarDist and micro-sam are written and sent.',
};

export default async function ToolsPage() {
  const site = siteOf({ headers: await headers() });
  return (
    <div className="page">
      <header className="page-head">
        <h1>Submit from your tool</h1>
        <p className="lead">
          A few lines of Python write what the site reads. <Link href="/check">Check the file</Link> in the browser, or
          send it with the lines at the end.
        </p>
      </header>
      <nav aria-label="Tools">
        <p className="cluster">
          {SNIPPETS.map(({ id, tool }) => (
            <a key={id} href={`#${id}`}>
              {tool}
            </a>
          ))}
          <a href="#send">Send it</a>
        </p>
      </nav>
      {SNIPPETS.map(({ id, tool, setup, code, file, mind, tried }) => (
        <section key={id} className="section" aria-labelledby={id}>
          <h2 id={id}>{tool}</h2>
          <p className="prose">{setup}</p>
          <Code label={`Python for ${tool}`} text={code} />
          <p className="prose">
            It writes <code>{file}</code>. {mind} <span className="muted">Tried with {tried}.</span>
          </p>
        </section>
      ))}
      <section className="section" aria-labelledby="send">
        <h2 id="send">Send it</h2>
        <p className="prose">
          With a token of your <Link href="/account">account page</Link> in <code>LIVECELL_TOKEN</code>. The answer has
          the id; <Link href="/docs/api">the API</Link> tells its state and report.
        </p>
        <Code label="Python that sends a file" text={sendCode(site, 'results.json')} />
        <p className="prose">
          Files of more than some hundred megabytes, or a line that breaks, are for the command line, which resumes:
        </p>
        <Code
          label="Commands that send a file"
          text={`npx livecell login --server ${site}\nnpx livecell submit --method "My model" --wait results.json`}
        />
        <p className="prose">
          Outputs that are files already, QuPath’s GeoJSON and the CSV of the Kaggle competition among them, become COCO
          results with <code>livecell convert</code>. What is wrong with a file is told by record and image:{' '}
          <Link href="/docs/problems">problems and warnings</Link>.
        </p>
      </section>
    </div>
  );
}
