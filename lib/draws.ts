/** The draws with which scores on hidden ground truth are rounded (`tasks/disclosure.ts`). */
import { createHmac } from 'node:crypto';
import { siteSecret } from './site-secret.ts';
import type { Draw } from './tasks/disclosure.ts';
import type { Report } from './tasks/report.ts';

/**
 * Return a report's draws: uniform numbers from 0 to 1, which nobody can compute without the site's secret. They depend
 * on the files and the ground truth. All protocols of a submission share them, since their numbers are nearly the same.
 */
export function drawsOf({ predictions, groundTruth }: Report): Draw {
  const files = predictions.map(({ slot, sha256 }) => `${slot}=${sha256}`).sort();
  const about = [groundTruth.sha256, ...files].join('\0');
  return (path) => {
    const digest = createHmac('sha256', siteSecret() ?? '')
      .update(`score\0${about}\0${path}`)
      .digest();
    return digest.readUIntBE(0, 6) / 2 ** 48;
  };
}
