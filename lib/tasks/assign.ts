/** Finds out which slot each of several files is for, by its name. */
import { matchSlot } from './slots.ts';

export interface Assignment {
  /** index of the file of each slot */
  slots: Map<string, number>;
  /** index of an archive with the files of all slots; null: none */
  archive: number | null;
  /** a sentence per file that could not be assigned */
  problems: string[];
}

const ENDINGS = /(\.(json|jsonl|csv|gz|zip|npz))+$/i;

/**
 * Assign files to slots: by the whole name without its endings, else by the one slot that stands in it as a word, such as
 * `model-1_sk-ov-3_final.json.gz`. One zip archive whose name is of no slot is taken for the archive of all of them.
 */
export function assignByName(names: readonly string[], slots: readonly string[]): Assignment {
  const assigned: Assignment = { slots: new Map(), archive: null, problems: [] };
  for (const [index, name] of names.entries()) {
    const found = slotsIn(name, slots);
    if (found.length === 0 && names.length === 1 && /\.zip$/i.test(name)) {
      assigned.archive = index;
      continue;
    }
    const [slot] = found;
    const other = slot === undefined ? undefined : assigned.slots.get(slot);
    if (found.length === 0)
      assigned.problems.push(`“${name}”: its name says none of ${slots.join(', ')}. Choose the file below.`);
    else if (found.length > 1)
      assigned.problems.push(`“${name}”: its name says ${found.join(' and ')}. Choose the file below.`);
    else if (other !== undefined)
      assigned.problems.push(`“${name}” and “${names[other]}” are both for ${slot}: the first is taken.`);
    else assigned.slots.set(slot, index);
  }
  return assigned;
}

/** Return the slots that a name says: one if it is the whole name. */
function slotsIn(name: string, slots: readonly string[]): string[] {
  const stem = name.replace(/^.*[\\/]/, '').replace(ENDINGS, '');
  const whole = matchSlot(slots, stem);
  if (whole) return [whole];
  const words = stem.split(/[^\p{L}\p{N}%]+/u).filter(Boolean);
  const found: { slot: string; from: number; to: number }[] = [];
  // as many words together as a slot’s name may be written in: SK-OV-3, Huh-7
  for (let from = 0; from < words.length; from++)
    for (let to = from + 1; to <= Math.min(words.length, from + 6); to++) {
      const text = words.slice(from, to).join('');
      const slot = matchSlot(slots, text) ?? matchSlot(slots, text.replace(/(percent|pct|p)$/i, ''));
      if (slot) found.push({ slot, from, to });
    }
  // a slot within the words of a longer one is not meant: `data set 2` of `data set 2 b`
  const meant = found.filter(
    (one) =>
      !found.some((other) => other !== one && other.from <= one.from && other.to >= one.to && other.slot !== one.slot),
  );
  return [...new Set(meant.map(({ slot }) => slot))];
}
