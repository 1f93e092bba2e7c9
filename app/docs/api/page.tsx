import type { Metadata } from 'next';
import { headers } from 'next/headers';
import Link from 'next/link';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { siteOf } from '#app/_server/site.ts';
import { OPERATIONS } from '#lib/http/openapi.ts';

export const metadata: Metadata = {
  title: 'API',
  description: 'The site for programs: examples in curl, Python and JavaScript, and every operation.',
};

interface Example {
  title: string;
  curl: string;
  python: string;
  javascript: string;
}

/** Things people do first, each in three languages. They run as they are, with a token where one is needed. */
function examplesFor(site: string): Example[] {
  return [
    {
      title: 'Read a leaderboard',
      curl: `curl '${site}/api/v1/leaderboards/livecell-wide?evaluation=segm&limit=5'`,
      python: `import requests
board = requests.get("${site}/api/v1/leaderboards/livecell-wide").json()
for row in board["rows"]:
    print(row["rank"], row["method"], row["values"]["AP"])`,
      javascript: `const board = await (await fetch('${site}/api/v1/leaderboards/livecell-wide')).json();
for (const { rank, method, values } of board.rows) console.log(rank, method, values.AP);`,
    },
    {
      title: 'Send a file and submit it',
      curl: `UPLOAD=$(curl -s -D - -o /dev/null -X POST '${site}/api/uploads' -H "Authorization: Bearer $LIVECELL_TOKEN" \\
  -H 'Tus-Resumable: 1.0.0' -H "Upload-Length: $(wc -c < results.json)" -H 'Content-Type: application/offset+octet-stream' \\
  --data-binary @results.json | tr -d '\\r' | sed -n 's/^[Ll]ocation: //p')
curl -X POST '${site}/api/v1/submissions' -H "Authorization: Bearer $LIVECELL_TOKEN" -H 'Content-Type: application/json' \\
  -d "{\\"task\\": \\"livecell-wide\\", \\"method\\": \\"My model\\", \\"files\\": [{\\"upload\\": \\"$UPLOAD\\"}]}"`,
      python: `import os, requests
auth = {"Authorization": f"Bearer {os.environ['LIVECELL_TOKEN']}"}
upload = requests.post("${site}/api/uploads", data=open("results.json", "rb"), headers={**auth, "Tus-Resumable": "1.0.0",
    "Upload-Length": str(os.path.getsize("results.json")), "Content-Type": "application/offset+octet-stream"})
sent = requests.post("${site}/api/v1/submissions", headers=auth, json={"task": "livecell-wide", "method": "My model",
    "files": [{"upload": upload.headers["Location"]}]}).json()`,
      javascript: `import { readFile } from 'node:fs/promises';
const auth = { authorization: \`Bearer \${process.env.LIVECELL_TOKEN}\` };
const body = await readFile('results.json');
const upload = await fetch('${site}/api/uploads', { method: 'POST', body, headers: { ...auth, 'tus-resumable': '1.0.0',
  'upload-length': String(body.length), 'content-type': 'application/offset+octet-stream' } });
const sent = await (await fetch('${site}/api/v1/submissions', { method: 'POST', headers: { ...auth, 'content-type': 'application/json' },
  body: JSON.stringify({ task: 'livecell-wide', method: 'My model', files: [{ upload: upload.headers.get('location') }] }) })).json();`,
    },
    {
      title: 'Wait for the score',
      curl: `curl -N '${site}/api/v1/submissions/ID/events' -H "Authorization: Bearer $LIVECELL_TOKEN"`,
      python: `import time
while (now := requests.get(f"${site}/api/v1/submissions/{sent['id']}", headers=auth).json())["state"] in ("queued", "scoring"):
    time.sleep(2)
print(now["state"], now["report"] and now["report"]["results"]["segm"]["overall"]["AP"], now["problems"])`,
      javascript: `let now;
do now = await (await fetch(\`${site}/api/v1/submissions/\${sent.id}\`, { headers: auth })).json();
while (['queued', 'scoring'].includes(now.state) && (await new Promise((next) => setTimeout(next, 2000, true))));
console.log(now.state, now.report?.results.segm?.overall.AP, now.problems);`,
    },
  ];
}

export default async function ApiPage() {
  const site = siteOf({ headers: await headers() });
  return (
    <div className="page">
      <header className="page-head">
        <h1>API</h1>
        <p className="lead">
          Everything that a person can do here, a program can do too. The whole interface as one document:{' '}
          <a href="/api/v1/openapi.json">OpenAPI 3.1</a>.
        </p>
      </header>
      {examplesFor(site).map(({ title, ...languages }) => (
        <section key={title} className="section" aria-label={title}>
          <h2>{title}</h2>
          {(['curl', 'python', 'javascript'] as const).map((language) => (
            <details key={language} open={language === 'curl'}>
              <summary>{{ curl: 'curl', python: 'Python', javascript: 'JavaScript' }[language]}</summary>
              <TableFrame label={`${title}, ${language}`}>
                <pre>
                  <code>{languages[language]}</code>
                </pre>
              </TableFrame>
            </details>
          ))}
        </section>
      ))}
      <section className="section prose" aria-labelledby="rules">
        <h2 id="rules">Rules</h2>
        <ul>
          <li>
            A token comes from your <Link href="/account">account page</Link> or from <code>livecell login</code>:{' '}
            <code>Authorization: Bearer …</code>. Its scopes are <code>read</code>, <code>submit</code> and, for
            maintainers who make one with <code>livecell token create --scope read,moderate</code>,{' '}
            <code>moderate</code>.
          </li>
          <li>
            Errors are <code>application/problem+json</code> (RFC 9457) with title, status, detail and, for a wrong
            file, the problems with their records. What was public once and is not any more answers 410, and says what
            happened.
          </li>
          <li>
            Lists come in pages: <code>limit</code>, and <code>next</code> of one page as <code>after</code> (of boards,{' '}
            <code>cursor</code>) of the following; the header Link says the same.
          </li>
          <li>
            Answers to readers have an ETag: send it as If-None-Match and get 304 if nothing has changed. Scripts of any
            site may read what strangers may.
          </li>
          <li>
            RateLimit and RateLimit-Policy say how many requests are left, Retry-After when to return.{' '}
            <Link href="/docs/limits">All limits</Link>.
          </li>
          <li>
            Nothing under /api/v1 is renamed or removed. Fields are added; read over those you do not know. Should
            something ever have to go, the description marks it as deprecated, and the headers Deprecation and Sunset
            say so, at least a year before.
          </li>
          <li>Fractions are from 0 to 1; null where there is nothing to average.</li>
        </ul>
      </section>
      <section className="section" aria-labelledby="operations">
        <h2 id="operations">Operations</h2>
        <TableFrame label="Operations, scrolls sideways">
          <table>
            <caption className="visually-hidden">Every operation with its address and what it needs</caption>
            <thead>
              <tr>
                <th scope="col">Call</th>
                <th scope="col">Does</th>
                <th scope="col">Needs</th>
              </tr>
            </thead>
            <tbody>
              {OPERATIONS.map(({ method, path, summary, description, who, scope }) => (
                <tr key={`${method} ${path}`}>
                  <th scope="row">
                    <code>
                      {method.toUpperCase()} {path}
                    </code>
                  </th>
                  <td>
                    {summary}
                    {description && <span className="muted"> {description}</span>}
                  </td>
                  <td>
                    {who === 'required' ? 'a token' : who === 'optional' ? 'shows more with a token' : 'nothing'}
                    {scope && ` (${scope})`}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableFrame>
      </section>
    </div>
  );
}
