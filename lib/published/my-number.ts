/**
 * Names a number that a paper or a tool reports: the family it belongs to, the truth it was computed on, and what it may
 * be compared with (docs/protocol.md, section 10).
 */

/** Tools that print numbers of cells under names of their own. */
export const TOOLS = {
  cellpose: 'Cellpose, StarDist',
  'micro-sam': 'micro-sam, torch-em, elf, Kaggle',
  coco: 'pycocotools, detectron2, MMDetection',
  ultralytics: 'Ultralytics (YOLO)',
  livecell: 'the evaluation script of LIVECell, this site',
  ctc: 'Cell Tracking Challenge, SAMCell, DINOCell',
  cellsam: 'CellSAM, DeepCell',
  panoptic: 'panopticapi, HoVer-Net',
} as const;
export type Tool = keyof typeof TOOLS;

export const METRICS = {
  ap: 'AP or mAP',
  msa: 'mSA (mean segmentation accuracy)',
  sa: 'SA, or TP/(TP+FP+FN)',
  f1: 'F1 or Dice of objects',
  pq: 'PQ (panoptic quality)',
  aji: 'AJI (aggregated Jaccard index)',
  seg: 'SEG',
  'error-rate': 'error rate',
} as const;
export type NumberMetric = keyof typeof METRICS;

export const THRESHOLDS = { mean: 'mean over 0.50 to 0.95', '0.5': '0.50', '0.75': '0.75', '0.9': '0.90' } as const;
export type NumberThreshold = keyof typeof THRESHOLDS;

export const TRUTHS = {
  official: 'the annotations as they are, overlaps and all',
  'per-file': 'the annotations, each file once',
  'flat-large': 'label images, larger cells on top (torch-em, micro-sam)',
  'flat-cellpose': 'label images as Cellpose prepares them',
} as const;
export type NumberTruth = keyof typeof TRUTHS;

export const SPLITS = { test: 'all test images', part: 'a part of them, or crops', val: 'validation images' } as const;
export type NumberSplit = keyof typeof SPLITS;

/** What a person knows of a number; what is missing is guessed from the tool, and said to be. */
export interface KnownOfNumber {
  tool?: Tool;
  metric?: NumberMetric;
  threshold?: NumberThreshold;
  truth?: NumberTruth;
  split?: NumberSplit;
  /** prompts or sizes were taken from the annotation */
  prompted?: boolean;
}

export interface NamedNumber {
  /** `family/truth/split` */
  name: string;
  definition: string;
  /** what it may be compared with here; null: nothing */
  beside: string | null;
  warnings: string[];
  /** what was not said, and is assumed because of the tool */
  assumed: string[];
}

/** Words by which a pasted text tells what is known, tried in this order. */
const WORDS = {
  tool: [
    [/ultralytics|yolo/i, 'ultralytics'],
    [/micro-?\s?sam|torch-?em|\belf\b|kaggle|sartorius/i, 'micro-sam'],
    [/cellpose|cpsam|stardist/i, 'cellpose'],
    [/cellsam|deepcell/i, 'cellsam'],
    [/tracking challenge|\bctc\b|samcell|dinocell/i, 'ctc'],
    [/coco|detectron|mmdet|mask ?r-?cnn|mask2former/i, 'coco'],
    [/livecell.*(script|evaluation)|(script|evaluation).*livecell/i, 'livecell'],
    [/panoptic|hover-?net/i, 'panoptic'],
  ],
  metric: [
    [/\bmsa\b|mean segmentation accuracy/i, 'msa'],
    [/\bsa ?\d\d\b|\bsa\b|tp ?\/ ?\(|segmentation accuracy/i, 'sa'],
    [/error rate/i, 'error-rate'],
    [/\bf1\b|f-?score|\bdice\b/i, 'f1'],
    [/\bpq\b|panoptic quality/i, 'pq'],
    [/\baji\b|aggregated jaccard/i, 'aji'],
    [/\bseg\b/i, 'seg'],
    [/\bm?ap(\d\d)?\b|average precision/i, 'ap'],
  ],
  threshold: [
    [/(50|\.5|0\.50?)\s*(:|-|–|…|to)\s*(0?\.)?95/i, 'mean'],
    [/(0?\.75|(ap|sa)@?\s?75)\b/i, '0.75'],
    [/(0?\.90?|(ap|sa)@?\s?90)\b/i, '0.9'],
    [/(0?\.50?|(ap|sa)@?\s?50)\b/i, '0.5'],
  ],
  truth: [
    [/flat-large|larger? (cells? )?on top/i, 'flat-large'],
    [/flat-cellpose/i, 'flat-cellpose'],
    [/per[- ]file|1,?512/i, 'per-file'],
    [/overlap|official|1,?564/i, 'official'],
  ],
  split: [
    [/\bval(idation)?\b/i, 'val'],
    [/crop|subset|\bpart\b|\bA172\b|BT-?474|BV-?2|Huh-?7|MCF-?7|SH-?SY5Y|SkBr3|SK-?OV-?3/i, 'part'],
    [/\btest\b/i, 'test'],
  ],
} as const satisfies { [Key in keyof Omit<KnownOfNumber, 'prompted'>]: readonly (readonly [RegExp, string])[] };

/** Read what a text such as `mAP 0.5 from Cellpose` tells of a number. */
export function readNumberText(text: string): KnownOfNumber {
  const find = (words: readonly (readonly [RegExp, string])[]) => words.find(([word]) => word.test(text))?.[1];
  return {
    tool: find(WORDS.tool) as Tool | undefined,
    metric: find(WORDS.metric) as NumberMetric | undefined,
    threshold: find(WORDS.threshold) as NumberThreshold | undefined,
    truth: find(WORDS.truth) as NumberTruth | undefined,
    split: find(WORDS.split) as NumberSplit | undefined,
    prompted: /box prompt|prompted|interactive|oracle|ground[- ]truth box/i.test(text),
  };
}

/** Label images that a tool prepares for its own numbers; COCO's tools use the annotations. */
const TRUTH_OF: Readonly<Record<Tool, NumberTruth>> = {
  cellpose: 'flat-cellpose',
  'micro-sam': 'flat-large',
  coco: 'official',
  ultralytics: 'per-file',
  livecell: 'official',
  ctc: 'flat-large',
  cellsam: 'flat-large',
  panoptic: 'flat-large',
};
const METRIC_OF: Readonly<Record<Tool, NumberMetric>> = {
  cellpose: 'ap',
  'micro-sam': 'msa',
  coco: 'ap',
  ultralytics: 'ap',
  livecell: 'ap',
  ctc: 'seg',
  cellsam: 'f1',
  panoptic: 'pq',
};
const COUNTS_MATCHES: readonly (Tool | undefined)[] = ['cellpose', 'micro-sam', 'ctc', 'cellsam'];

const MATCHED = 'found cells over found, missed and false ones (TP / (TP + FP + FN)), per image, mean over images';

/** Return the full name of a number, what it is, and what it may be compared with. */
export function nameNumber(known: KnownOfNumber): NamedNumber {
  const assumed: string[] = [];
  const warnings: string[] = [];
  const assume = <T extends string>(value: T | undefined, otherwise: T, what: string): T => {
    if (value === undefined) assumed.push(what);
    return value ?? otherwise;
  };
  const { tool } = known;
  const metric = assume(known.metric, tool ? METRIC_OF[tool] : 'ap', 'the metric');
  const counts = metric === 'msa' || metric === 'sa' || (metric === 'ap' && COUNTS_MATCHES.includes(tool));
  const usual = metric === 'ap' && counts ? '0.5' : 'mean';
  const threshold = metric === 'msa' ? 'mean' : assume(known.threshold, usual, 'the IoU threshold');
  const labels = counts || metric !== 'ap';
  const usualTruth = tool ? TRUTH_OF[tool] : labels ? 'flat-large' : 'official';
  let truth = assume(known.truth, labels && !usualTruth.startsWith('flat') ? 'flat-large' : usualTruth, 'the truth');
  if (labels && !truth.startsWith('flat')) {
    warnings.push(
      'Numbers of label images need a truth without overlaps; which cell keeps a shared pixel changes them.',
    );
    truth = 'flat-large';
  }
  const split = assume(known.split, 'test', 'the images');
  const family = familyOf(metric, counts, threshold);

  if (metric === 'ap' && counts) {
    warnings.push(
      'The “AP” of Cellpose and StarDist is not average precision: no scores, no curve. It counts matches at one threshold, and is much lower than AP50 of the same masks.',
    );
  }
  if (family === 'coco-ap' && tool !== 'livecell') {
    const limit = tool === 'ultralytics' ? 300 : 100;
    warnings.push(
      `Stock tools keep at most ${limit} detections of an image; many LIVECell images hold more cells, so the number is too low. This site keeps 2,000 or more.`,
    );
  }
  if (family === 'coco-ap' && threshold !== 'mean') {
    warnings.push('Compare it with the column AP50 or AP75, not with AP.');
  }
  if (metric === 'f1' && threshold === 'mean')
    warnings.push('Here F1 is reported at single IoU thresholds; 0.50 is usual.');
  if (known.prompted) {
    warnings.push(
      'Prompts, boxes or sizes came from the annotation. That is an interactive result: it tells how well cells are outlined that a person has found, and is no benchmark entry.',
    );
  }
  if (split === 'val') warnings.push('Validation images are not test images: methods were chosen on them.');
  if (split === 'part') {
    warnings.push(
      'On a part of the images the number can be far from that of all: AP of single cell types spans tens of points.',
    );
  }
  const name = `${family}${threshold === 'mean' || family === 'msa' ? '' : `@${THRESHOLDS[threshold]}`}/${truth}/${split}`;
  const comparable = !known.prompted && split === 'test' && !(family === 'coco-ap' && truth === 'per-file');
  return {
    name,
    definition: definitionOf(metric, counts, threshold),
    beside: comparable ? columnOf(family, threshold) : null,
    warnings,
    assumed,
  };
}

function familyOf(metric: NumberMetric, counts: boolean, threshold: NumberThreshold): string {
  if (counts) return threshold === 'mean' ? 'msa' : 'cellpose-ap';
  const families = {
    ap: 'coco-ap',
    msa: 'msa',
    sa: 'cellpose-ap',
    f1: 'f1',
    pq: 'pq',
    aji: 'aji',
    seg: 'ctc-seg',
  } as const;
  return metric === 'error-rate' ? 'error-rate' : families[metric];
}

function definitionOf(metric: NumberMetric, counts: boolean, threshold: NumberThreshold): string {
  const at = threshold === 'mean' ? 'mean over IoU 0.50 to 0.95' : `at IoU ${THRESHOLDS[threshold]}`;
  if (counts) return `${MATCHED}, ${at}`;
  switch (metric) {
    case 'f1':
      return `twice the found cells over annotated and predicted ones together, ${at}`;
    case 'pq':
      return 'panoptic quality: sum of the IoU of matched cells over found cells and half of the missed and false ones';
    case 'aji':
      return 'shared pixels over joined pixels of cells and their best labels, per image, mean over images';
    case 'seg':
      return 'mean over cells of the IoU with the label that covers more than half of the cell, else 0';
    case 'error-rate':
      return `missed and false cells over annotated ones, per image, ${at}`;
    default:
      return `average precision of COCO: precision over recall by descending score, ${at}`;
  }
}

function columnOf(family: string, threshold: NumberThreshold): string {
  if (family === 'coco-ap') {
    return threshold === 'mean' ? 'AP of the board' : `AP${THRESHOLDS[threshold].slice(2)} of an entry’s page`;
  }
  return 'the same full name on an entry’s page, under “Numbers other papers report”';
}
