import { Fragment } from 'react';
import type { PublicEntry } from '#lib/public-entry.ts';
import { LICENCE_URLS } from '#lib/vocabulary.ts';

/** A prediction file that the viewer may download. */
export interface OfferedFile {
  slot: string;
  href: string;
}

/** What the owner lets others do with the predictions, as a term and its description. */
export function SharingFacts({
  entry: { licence, cellsShown },
  files,
}: {
  entry: PublicEntry;
  files: readonly OfferedFile[];
}) {
  return (
    <>
      <dt>Use of the predictions</dt>
      <dd>
        {licence && (
          <>
            <a href={LICENCE_URLS[licence]} rel="license">
              {licence}
            </a>
            .{' '}
          </>
        )}
        {cellsShown ? 'The predicted cells are shown to everybody' : 'The predicted cells are not shown to others'}
        {files.length > 0 ? (
          <>
            ; download{' '}
            {files.map(({ slot, href }, i) => (
              <Fragment key={slot}>
                {i > 0 && ', '}
                <a href={href} download>
                  {slot === 'all' ? 'the predictions' : slot}
                </a>
              </Fragment>
            ))}
          </>
        ) : (
          ', and the files are not offered'
        )}
        .
      </dd>
    </>
  );
}
