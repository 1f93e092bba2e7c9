import Link from 'next/link';
import { homeExcerpt } from '#app/_server/excerpt.ts';
import { DEFAULT_TASK } from '#lib/tasks/index.ts';
import type { Verdict } from '#lib/viewer/verdicts.ts';

/** The picture of the home page: a part of the viewer on the demo data, drawn by the server. */
export async function HomePicture() {
  const excerpt = await homeExcerpt(DEFAULT_TASK.id);
  if (!excerpt) return null;
  const { picture, width, height, view, paths, counts, entry, href } = excerpt;
  return (
    <figure className="home-picture">
      <Link href={href} prefetch={false}>
        <svg
          viewBox={view.join(' ')}
          width={view[2]}
          height={view[3]}
          role="img"
          aria-label={`Cells as ${entry} found them: ${counts.found} found, ${counts.missed} missed, ${counts.false} false`}
        >
          <defs>
            <pattern id="missed" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <path d="M0 0V6" />
            </pattern>
            <pattern id="false" width="4" height="4" patternUnits="userSpaceOnUse">
              <path d="M1 1h1v1h-1z" />
            </pattern>
          </defs>
          <image href={picture} width={width} height={height} />
          {paths.map(([verdict, d]) => (
            <path key={verdict} d={d} transform="scale(0.5)" data-verdict={SHOWN[verdict] ?? 'false'} />
          ))}
        </svg>
      </Link>
      <figcaption>
        <span className="mark" data-verdict="found">
          found
        </span>{' '}
        <span className="mark" data-verdict="missed">
          missed
        </span>{' '}
        <span className="mark" data-verdict="false">
          false
        </span>{' '}
        <span className="muted">
          {entry} on the synthetic demo data. <Link href={href}>Open the viewer</Link>
        </span>
      </figcaption>
    </figure>
  );
}

/** Three marks are enough here: splits and merges are false outlines. */
const SHOWN: Partial<Record<Verdict, string>> = { found: 'found', missed: 'missed' };
