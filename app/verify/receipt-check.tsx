'use client';

import { type ChangeEvent, useState } from 'react';
import { canonicalDigest } from '#lib/receipts/canonical.ts';
import { checkSignature, type PublishedKey } from '#lib/receipts/signature.ts';

interface Verdict {
  kind: 'good' | 'bad' | 'warn';
  says: string;
  /** lines about what the receipt is for */
  about?: [string, string][];
}

/** A file field and what the browser finds out about the file. */
export function ReceiptCheck() {
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const check = async ({ target }: ChangeEvent<HTMLInputElement>) => {
    const [file] = target.files ?? [];
    if (!file) return;
    setVerdict(await verdictOn(file));
  };
  return (
    <section className="section first" aria-labelledby="receipt">
      <h2 id="receipt">Your receipt</h2>
      <div className="field">
        <label htmlFor="file">Receipt, as JSON</label>
        <input id="file" type="file" accept=".json,application/json" onChange={check} />
      </div>
      <div role="status" aria-live="polite">
        {verdict && (
          <>
            <p className="alert" data-kind={verdict.kind}>
              {verdict.says}
            </p>
            {verdict.about && (
              <dl className="facts">
                {verdict.about.map(([term, value]) => (
                  <div key={term}>
                    <dt>{term}</dt>
                    <dd>{value}</dd>
                  </div>
                ))}
              </dl>
            )}
          </>
        )}
      </div>
    </section>
  );
}

interface Receipt {
  submission?: { method?: string; task?: string; dataset?: string; scoredAt?: string };
  predictions?: { slot: string; sha256: string }[];
  groundTruth?: { sha256: string };
  evaluator?: { version: string };
  reports?: Record<string, unknown>;
  digests?: { reports?: Record<string, string> };
}

async function verdictOn(file: File): Promise<Verdict> {
  let receipt: Receipt & object;
  try {
    receipt = JSON.parse(await file.text());
    if (typeof receipt !== 'object' || receipt === null || !receipt.submission) throw new Error();
  } catch {
    return {
      kind: 'bad',
      says: `${file.name} is not a receipt: expected the JSON document that the page of an entry offers.`,
    };
  }
  let keys: PublishedKey[];
  try {
    keys = (await (await fetch('/.well-known/livecell-keys.json')).json()).keys;
  } catch {
    return { kind: 'warn', says: 'The keys of this site could not be fetched. Check your connection and try again.' };
  }
  const about = aboutReceipt(receipt);
  const found = await checkSignature(receipt, keys);
  if (found.state === 'unsupported')
    return {
      kind: 'warn',
      says: 'This browser cannot check Ed25519 signatures yet. Use a newer one, or: livecell verify receipt.json --signature-only',
    };
  if (found.state === 'unsigned')
    return {
      kind: 'warn',
      says: 'This receipt has no signature: it is from before this site signed receipts, or it was removed.',
    };
  if (found.state === 'unknown-key')
    return { kind: 'bad', says: `This site has no key ${found.id}: the receipt is of another site, or made up.` };
  if (found.state === 'invalid')
    return {
      kind: 'bad',
      says: 'The signature is not valid: something in this receipt was changed after it was issued.',
    };
  for (const [protocol, digest] of Object.entries(receipt.digests?.reports ?? {}))
    if ((await canonicalDigest(receipt.reports?.[protocol])) !== digest)
      return { kind: 'bad', says: `The report of ${protocol} does not have the digest that the receipt states.` };
  const until = found.key.retiredAt ? `, in use until ${found.key.retiredAt.slice(0, 10)}` : '';
  return {
    kind: 'good',
    says: `This site issued this receipt, and nothing in it was changed. Signed with key ${found.key.id}${until}.`,
    about,
  };
}

function aboutReceipt({ submission, predictions, groundTruth, evaluator }: Receipt): [string, string][] {
  const lines: [string, string | undefined][] = [
    ['Method', submission?.method],
    ['Task', submission?.task],
    ['Data set', submission?.dataset],
    ['Scored', submission?.scoredAt],
    ['Evaluator', evaluator?.version],
    ['Ground truth, SHA-256', groundTruth?.sha256],
    ...(predictions ?? []).map(({ slot, sha256 }): [string, string] => [`File of ${slot}, SHA-256`, sha256]),
  ];
  return lines.filter((line): line is [string, string] => typeof line[1] === 'string');
}
