'use client';

/** The last resort. The server's log has the error under the digest; the reader sees words, never a trace. */
export default function ErrorPage({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <div className="page">
      <div className="prose">
        <h1>This page could not be shown</h1>
        <p>The fault is ours, not yours. Nothing you have submitted is lost. Try again in a moment.</p>
        <p className="cluster">
          <button type="button" className="button-primary" onClick={reset}>
            Try again
          </button>
          <a className="button" href="/">
            Go to the home page
          </a>
        </p>
        {error.digest && (
          <p className="hint">
            If it keeps happening, tell the maintainers this reference: <code>{error.digest}</code>
          </p>
        )}
      </div>
    </div>
  );
}
