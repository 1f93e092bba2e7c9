/** Chooses a few images of a file for a person to look at before an upload: those with findings first. */
import { CHECKS, type CheckCode } from '#lib/checks/checks.ts';
import { CELL_TYPE_NAMES, cellTypeOf } from '#lib/livecell/cell-types.ts';
import type { Problem, Warning } from '#lib/problems.ts';

export interface WorthALook {
  /** its number in the data set */
  image: number;
  /** the finding it is an example of */
  code?: CheckCode;
  /** why to look at it, in a sentence */
  why: string;
}

/** Images that are offered, and how many of them are chosen for their findings. */
const MOST = 6;
const MOST_WITH_FINDINGS = 4;

/**
 * Choose images: an example of each finding, problems before warnings, then the fullest image, the median one, and one of
 * each cell type. Images on which nothing was read come after the others.
 *
 * @param perImage [images] detections
 */
export function chooseImages(
  { problems, warnings }: { problems: readonly Problem[]; warnings: readonly Warning[] },
  fileNames: readonly string[],
  perImage: Uint32Array,
): WorthALook[] {
  const numberOf = new Map(fileNames.map((name, image) => [name, image] as const).reverse());
  const found = [
    ...problems.map(({ code, image }) => ({ code, names: image === undefined ? [] : [image] })),
    ...warnings.map(({ code, examples = [] }) => ({ code, names: examples })),
  ];
  const examples = found.flatMap(({ code, names }) =>
    names.flatMap((name) => {
      const image = numberOf.get(name);
      return image === undefined ? [] : [{ image, code, why: CHECKS[code].says }];
    }),
  );
  const chosen = new Map<number, WorthALook>();
  const take = (one: WorthALook, most = MOST): void => {
    if (chosen.size < most && !chosen.has(one.image)) chosen.set(one.image, one);
  };
  const drawable = examples.filter(({ image }) => perImage[image] > 0);
  for (const each of [firstOfEach(drawable), drawable]) for (const one of each) take(one, MOST_WITH_FINDINGS);

  const filled = [...perImage.keys()].filter((image) => perImage[image] > 0);
  const byCount = filled.toSorted((a, b) => perImage[b] - perImage[a]);
  if (byCount.length > 0) {
    take({ image: byCount[0], why: 'It has the most detections.' });
    take({ image: byCount[byCount.length >> 1], why: 'Half of the images have more detections, half fewer.' });
  }
  const types = new Set<string>();
  for (const image of filled) {
    const type = cellTypeOf(fileNames[image]);
    if (!type || types.has(type)) continue;
    types.add(type);
    take({ image, why: `It is the first of ${CELL_TYPE_NAMES[type]}.` });
  }
  for (const one of firstOfEach(examples)) take(one);
  return [...chosen.values()];
}

function firstOfEach(examples: readonly (WorthALook & { code: CheckCode })[]): WorthALook[] {
  const codes = new Set<CheckCode>();
  return examples.filter(({ code }) => !codes.has(code) && codes.add(code));
}
