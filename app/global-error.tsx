'use client';

/** What is shown where even the frame of the site fails: words in a page of their own, with the browser's fonts. */
export default function GlobalError({ error }: { error: Error & { digest?: string } }) {
  return (
    <html lang="en">
      <body
        style={{
          font: '1.0625rem/1.55 system-ui, sans-serif',
          maxWidth: '36rem',
          margin: '4rem auto',
          padding: '0 1rem',
        }}
      >
        <title>This page could not be shown · LIVECell benchmark</title>
        <h1>This page could not be shown</h1>
        <p>The fault is ours, not yours. Nothing you have submitted is lost. Try again in a moment.</p>
        <p>
          {/* a full load: nothing of this page works any more */}
          <button type="button" onClick={() => location.reload()}>
            Try again
          </button>{' '}
          <a href="/">Go to the home page</a>
        </p>
        {error.digest && (
          <p>
            If it keeps happening, tell the maintainers this reference: <code>{error.digest}</code>
          </p>
        )}
      </body>
    </html>
  );
}
