/** Computes details from a file of outcomes, in the thread of a scoring process. */
import type { OutcomeDetails } from '#db/submissions/outcomes.ts';
import { thread } from '#lib/kernels/thread-state.ts';
import { openOutcomes } from '#lib/outcomes-file.ts';
import { makeErrorCosts } from '#lib/scoring/error-costs.ts';
import { makeImageTable } from '#lib/scoring/image-table.ts';
import { evaluatingOf } from '#lib/scoring/outcomes.ts';
import { checkQuality } from '#lib/scoring/quality-control.ts';
import { makeScoreCurves } from '#lib/scoring/score-curves.ts';
import { makeSliceTable } from '#lib/scoring/slice-table.ts';

export interface DetailsJob {
  path: string;
  sha256: string;
}

export default async function computeDetails({ path, sha256 }: DetailsJob): Promise<OutcomeDetails> {
  const outcomes = await openOutcomes(path, sha256);
  const evaluating = evaluatingOf(outcomes);
  try {
    const images = makeImageTable(outcomes, evaluating);
    const slices = makeSliceTable(outcomes, evaluating);
    return {
      slices,
      costs: makeErrorCosts(outcomes, slices, evaluating),
      curves: makeScoreCurves(outcomes, evaluating),
      images,
      quality: checkQuality(outcomes, images),
    };
  } finally {
    thread.forgetLarge();
  }
}
