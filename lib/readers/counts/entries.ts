/** Collects the entries of a table with a number per image, keeping the first of each image. */
import type { CheckCode } from '#lib/checks/checks.ts';
import { stem } from '#lib/livecell/cell-types.ts';
import { type ProblemList, quoted } from '#lib/readers/problem-list.ts';
import type { Accept, Entry } from './lines.ts';

interface EntryRules {
  /** what an image has one of: `count` */
  noun: string;
  /** return the same key for two names of one image */
  keyOf: (file: string) => string | number;
  /** return the problem of a number, with its remedy; null: none. @param given the number as it is written */
  whatIsWrong: (value: number, given: string) => [code: CheckCode, message: string] | null;
}

/** Return a list, and a function that adds to it; what is wrong goes to the problems. */
export function entriesOf(
  problems: ProblemList,
  { noun, keyOf, whatIsWrong }: EntryRules,
): { list: Entry[]; accept: Accept } {
  const list: Entry[] = [];
  const seen = new Map<string | number, Entry>();
  const accept: Accept = (entry, given) => {
    const { file, record, where } = entry;
    if (stem(file.trim()) === '') {
      problems.add('no-image-name', () => ({ record, message: `${where} names no image.` }));
      return;
    }
    const wrong = whatIsWrong(entry.value, given);
    if (wrong) {
      const [code, message] = wrong;
      problems.add(code, () => ({ record, image: file, message: `${where}, image ${quoted(file)}: ${message}` }));
      entry.value = Number.NaN;
    }
    const key = keyOf(file);
    const before = seen.get(key);
    if (before) {
      problems.add('duplicate-image', () => ({
        record,
        image: file,
        message: `${where}: image ${quoted(file)} has a ${noun} already, in ${before.where.replace(/^./, (c) => c.toLowerCase())}${before.file === file ? '' : ` as ${quoted(before.file)}`}. Keep one of them.`,
      }));
      return;
    }
    seen.set(key, entry);
    list.push(entry);
  };
  return { list, accept };
}
