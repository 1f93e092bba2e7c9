/**
 * The evaluation settings as data. Adding a protocol, a size class or a detection limit takes one literal here; the
 * page that explains the scores renders these objects, so it always shows what is computed.
 *
 * Sources: Edlund et al., Nature Methods 2021 (`livecell-paper`); `coco_evaluation.py` of the authors' repository
 * (`livecell-code`); pycocotools `COCOeval.Params` (`coco`).
 */

export const EVALUATIONS = ['segm', 'bbox'] as const;
export type Evaluation = (typeof EVALUATIONS)[number];

export const PROTOCOL_IDS = ['livecell-paper', 'livecell-code', 'coco'] as const;
export type ProtocolId = (typeof PROTOCOL_IDS)[number];
export const PRIMARY_PROTOCOL: ProtocolId = 'livecell-paper';

/** An object counts when `min <= area <= max`, both ends included, in pixels. */
export interface AreaRange {
  readonly id: 'all' | 'small' | 'medium' | 'large';
  readonly min: number;
  readonly max: number;
}

export interface Protocol {
  readonly id: ProtocolId;
  readonly name: string;
  readonly description: string;
  /** Detections kept per image, by score. Ascending; AP and AFNR are read at the last. */
  readonly maxDets: readonly [number, number, number];
  readonly areaRanges: readonly [AreaRange, AreaRange, AreaRange, AreaRange];
}

/** numpy.linspace(.5, .95, 10): the ninth is 0.8999999999999999, and masks can sit exactly on a threshold. */
export const IOU_THRESHOLDS: Float64Array = Float64Array.from({ length: 10 }, (_, i) =>
  i === 9 ? 0.95 : 0.5 + i * ((0.95 - 0.5) / 9),
);

/** numpy.linspace(0, 1, 101): element i is i * 0.01, which differs from i / 100 at ten places. */
export const RECALL_THRESHOLDS: Float64Array = Float64Array.from({ length: 101 }, (_, i) => (i === 100 ? 1 : i * 0.01));

function areaRanges(smallMax: number, mediumMax: number): Protocol['areaRanges'] {
  return [
    { id: 'all', min: 0, max: 1e10 },
    { id: 'small', min: 0, max: smallMax },
    { id: 'medium', min: smallMax, max: mediumMax },
    { id: 'large', min: mediumMax, max: 1e10 },
  ];
}

export const PROTOCOLS: Readonly<Record<ProtocolId, Protocol>> = {
  'livecell-paper': {
    id: 'livecell-paper',
    name: 'LIVECell, as in the paper',
    description:
      'Size classes of 500 and 1,500 pixels and up to 3,000 detections per image, as printed in the paper. Primary on this site.',
    maxDets: [100, 500, 3000],
    areaRanges: areaRanges(500, 1500),
  },
  'livecell-code': {
    id: 'livecell-code',
    name: 'LIVECell, as in the released code',
    description:
      'What the authors’ released evaluator does: size classes of 18² and 31² pixels (which are 500 and about 1,500 µm²) and up to 2,000 detections per image.',
    maxDets: [100, 500, 2000],
    areaRanges: areaRanges(18 ** 2, 31 ** 2),
  },
  coco: {
    id: 'coco',
    name: 'Stock COCO',
    description:
      'The settings of the COCO challenge, for comparison: 32² and 96² pixels and at most 100 detections per image.',
    maxDets: [1, 10, 100],
    areaRanges: areaRanges(32 ** 2, 96 ** 2),
  },
};
