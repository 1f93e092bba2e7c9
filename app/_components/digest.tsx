import { CopyButton } from './copy-button.tsx';

/** A SHA-256 by its first twelve digits, with a button that copies all; in full where there is no script, and in print. */
export function Digest({ of: digest, what }: { of: string; what: string }) {
  return (
    <span className="digest">
      <code title={`SHA-256 ${digest}`}>
        {digest.slice(0, 12)}
        <span className="digest-rest">{digest.slice(12)}</span>
        <span className="digest-more" aria-hidden="true">
          …
        </span>
      </code>{' '}
      <CopyButton text={digest} what={`the SHA-256 of ${what}`} />
    </span>
  );
}
