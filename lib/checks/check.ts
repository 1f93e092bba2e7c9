/** The entry of one check in the list: what it says, an example and the remedy. */

export interface Check {
  /** a problem rejects the file, a warning does not; some findings are either, depending on how much they cost */
  as: 'problem' | 'warning' | 'either';
  /** the kind of file in which it is found */
  about:
    | 'any file'
    | 'archive'
    | 'predictions'
    | 'ground truth'
    | 'label images'
    | 'counts'
    | 'times'
    | 'pictures'
    | 'slots';
  /** what is wrong, in a sentence */
  says: string;
  /** a piece of a file in which it is found */
  example: string;
  /** how to mend it, in a sentence or two */
  remedy: string;
}

/** Return the entry of a check. */
export function check(
  as: Check['as'],
  about: Check['about'],
  says: string,
  { example, remedy }: { example: string; remedy: string },
): Check {
  return { as, about, says, example, remedy };
}
