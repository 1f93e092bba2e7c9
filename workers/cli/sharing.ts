/** Options of what others may do with the predictions of an entry, shared by `submit` and `share`. */
import type { Sharing } from '#lib/http/api.ts';
import { LICENCES } from '#lib/vocabulary.ts';
import { oneOf } from './arguments.ts';
import { CallError, type Option, type Values } from './command.ts';

export const SHARING_OPTIONS: Record<string, Option> = {
  'show-cells': { type: 'boolean', help: 'everybody may see the predicted cells once it is published' },
  'share-files': { type: 'boolean', help: 'everybody may download the files once it is published; needs --licence' },
  licence: { type: 'string', value: 'LICENCE', help: `of the predictions: ${LICENCES.join(', ')}` },
};

/** @throws CallError for an unknown licence, or for files that are shared without one */
export function parseSharing(values: Values): Sharing {
  const licence = values.licence === undefined ? undefined : oneOf('--licence', LICENCES, values.licence);
  if (values['share-files'] && !licence)
    throw new CallError(`--share-files needs --licence, one of ${LICENCES.join(', ')}.`);
  return {
    ...(licence && { licence }),
    cellsShown: values['show-cells'] ?? false,
    filesShared: values['share-files'] ?? false,
  };
}
