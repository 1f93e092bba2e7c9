import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { readPolicy } from '#app/_server/policies.ts';
import { env } from '#lib/env.ts';
import { type Block, keptThings, POLICIES, POLICY_SUMMARIES, parsePolicy, type Run } from '#lib/policies.ts';

interface Props {
  params: Promise<{ page: string }>;
}

// the texts and settings are those of the running site
export const dynamic = 'force-dynamic';

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const policy = parsePolicy((await params).page);
  return policy ? { title: POLICIES[policy], description: POLICY_SUMMARIES[policy] } : {};
}

/** The pages that the operator may replace: privacy, terms, moderation, retention, security. */
export default async function PolicyPage({ params }: Props) {
  const policy = parsePolicy((await params).page);
  if (!policy) notFound();
  const { blocks } = await readPolicy(policy);
  return (
    <div className="page">
      <header className="page-head">
        <h1>{POLICIES[policy]}</h1>
      </header>
      <div className="prose">
        {blocks.map((block, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the text does not change
          <TextBlock key={i} block={block} />
        ))}
      </div>
      {policy === 'retention' && <KeptTable />}
    </div>
  );
}

function KeptTable() {
  return (
    <section className="section stack" aria-labelledby="kept">
      <h2 id="kept">On this site</h2>
      <TableFrame label="How long things are kept">
        <table>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">Kept for</th>
            </tr>
          </thead>
          <tbody>
            {keptThings(env()).map(({ what, kept }) => (
              <tr key={what}>
                <th scope="row">{what}</th>
                <td>{kept}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
    </section>
  );
}

function TextBlock({ block }: { block: Block }) {
  if (block.kind === 'list')
    return (
      <ul>
        {block.items.map((runs) => (
          <li key={runs[0]?.text}>
            <Runs runs={runs} />
          </li>
        ))}
      </ul>
    );
  return block.kind === 'heading' ? (
    <h2>
      <Runs runs={block.runs} />
    </h2>
  ) : (
    <p>
      <Runs runs={block.runs} />
    </p>
  );
}

function Runs({ runs }: { runs: readonly Run[] }) {
  return runs.map(({ text, href }) => {
    if (!href) return text;
    // pages of this site alone; a file such as security.txt is no page
    return href.startsWith('/') && !href.includes('.') ? (
      <Link key={text} href={href}>
        {text}
      </Link>
    ) : (
      <a key={text} href={href}>
        {text}
      </a>
    );
  });
}
