import type { Metadata } from 'next';
import { ReceiptCheck } from './receipt-check.tsx';

export const metadata: Metadata = {
  title: 'Check a receipt',
  description:
    'Check in your browser whether a receipt was issued by this site and whether anything in it was changed.',
};

export default function VerifyPage() {
  return (
    <div className="page">
      <header className="page-head">
        <h1>Check a receipt</h1>
        <p className="lead">
          Every score has a receipt: its numbers with the digests of the file, the ground truth and the protocol, signed
          by this site. Here your browser checks whether a receipt was issued by this site and whether a single
          character of it was changed. The file does not leave your machine.
        </p>
      </header>
      <ReceiptCheck />
      <section className="section" aria-labelledby="recompute">
        <h2 id="recompute">Recompute the numbers</h2>
        <div className="prose">
          <p>
            The signature says who issued the numbers. Whether they are right, the command line says: it scores the file
            again and compares every number.
          </p>
        </div>
        <pre>
          <code>{'livecell verify receipt.json \\\n  --predictions FILE.json --ground-truth GT.json'}</code>
        </pre>
        <p className="hint">
          The public keys are at <a href="/.well-known/livecell-keys.json">/.well-known/livecell-keys.json</a>. Save
          them with a receipt that has to outlive this site:{' '}
          <code>livecell verify --signature-only --key keys.json</code> needs no network.
        </p>
      </section>
    </div>
  );
}
