'use client';

/** The last resort. The server's log has the error under the digest; the reader sees words, never a trace. */
export default function ErrorPage({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  // errors of the server have a digest; what a browser throws without one while it fetches is the connection
  const unreachable = !error.digest && (!navigator.onLine || /fetch|network|load failed/i.test(error.message));
  if (unreachable)
    return (
      <div className="page">
        <div className="prose">
          <h1>The site cannot be reached</h1>
          <p>
            Your connection is lost, or the site is away for a moment. It is not certain whether what you sent arrived:
            look before you send it again.
          </p>
          <p className="cluster">
            <button type="button" className="button-primary" onClick={() => location.reload()}>
              Load this page again
            </button>
            <a className="button" href="/status">
              See whether the site works
            </a>
          </p>
        </div>
      </div>
    );
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
