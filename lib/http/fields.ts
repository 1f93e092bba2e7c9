/** Fields that several requests have. */
import { z } from 'zod';

/** An empty form field counts as absent. */
export const link = z
  .string()
  .trim()
  .max(500, 'At most 500 characters')
  .transform((text) => (text === '' ? undefined : text))
  .pipe(z.url({ protocol: /^https?$/, error: 'A full link, such as https://doi.org/…' }).optional());

export const NAMELESS = 'A name for the method, as it should appear on the leaderboard';
export const methodName = z.string().trim().max(120, 'At most 120 characters');
export const methodNameSchema = methodName.min(1, NAMELESS);
