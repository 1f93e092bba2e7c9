import type { Metadata } from 'next';
import Link from 'next/link';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { MOST_STREAMS } from '#app/_server/watch.ts';
import { env } from '#lib/env.ts';
import { integer } from '#lib/format.ts';
import { inTime, type LimitName, limitFactor, RATE_LIMITS, requestsOf } from '#lib/http/limits.ts';

export const metadata: Metadata = {
  title: 'Limits on requests',
  description:
    'How many requests a person or an address may make to the LIVECell benchmark, and what happens above that.',
};
// the factor is a setting of the running site
export const dynamic = 'force-dynamic';

export default function LimitsPage() {
  const { LIVECELL_LIMIT_FACTOR, AUTH_URL } = env();
  const factor = limitFactor(LIVECELL_LIMIT_FACTOR, AUTH_URL !== undefined);
  return (
    <div className="page">
      <header className="page-head">
        <h1>Limits on requests</h1>
        <p className="lead">
          Everybody shares this site, so nobody may send requests without end. A person who works with the site, or a
          program that waits between requests, does not meet these limits.
        </p>
      </header>
      <section className="section first stack" aria-labelledby="numbers">
        <h2 id="numbers">The numbers</h2>
        {factor === null && <p className="note">The operator of this site has switched these limits off.</p>}
        <TableFrame label="Limits on requests">
          <table>
            <thead>
              <tr>
                <th scope="col">What is counted</th>
                <th scope="col">Name</th>
                <th scope="col" className="num">
                  Requests
                </th>
                <th scope="col">In</th>
                <th scope="col">For each</th>
              </tr>
            </thead>
            <tbody>
              {(Object.keys(RATE_LIMITS) as LimitName[]).map((name) => (
                <tr key={name} id={name}>
                  <th scope="row">{RATE_LIMITS[name].what}</th>
                  <td>
                    <code>{name}</code>
                  </td>
                  <td className="num">{integer(requestsOf(name, factor ?? 1))}</td>
                  <td>{inTime(RATE_LIMITS[name].seconds)}</td>
                  <td>{RATE_LIMITS[name].per}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableFrame>
        <p>
          A person counts once, in all browsers and with all tokens. An address is one IPv4 address, or one IPv6 network
          of 64 bits. A window begins with the first request and ends after its length; then counting begins anew.
        </p>
        <p>
          At the same time, a person may keep {MOST_STREAMS.person} event streams open, and strangers{' '}
          {MOST_STREAMS.address} from one address. How many submissions are scored is another matter: it is on the page
          of each <Link href="/tasks">task</Link>.
        </p>
      </section>
      <section className="section stack" aria-labelledby="programs">
        <h2 id="programs">For programs</h2>
        <p>
          Answers of the API say what is left: <code>RateLimit-Policy: "api-reads";q=600;w=60</code> names the limit,
          its number and its window in seconds, and <code>RateLimit: "api-reads";r=599;t=60</code> how many requests
          remain and when counting begins anew. Above a limit, the status is 429, <code>Retry-After</code> says after
          how many seconds to come back, and the body is <code>application/problem+json</code>.
        </p>
      </section>
    </div>
  );
}
