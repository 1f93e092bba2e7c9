/**
 * What the files of a task contain. Everything that depends on that is a member here, so that no code asks for the
 * kind.
 */
import { EVALUATIONS, type Evaluation, PRIMARY_PROTOCOL, PROTOCOL_IDS, type ProtocolId } from '#lib/coco/protocol.ts';

/** A file format of a slot, as the task's page shows it. */
export interface FileFormat {
  readonly name: string;
  readonly text: string;
  /** an example file or, if `archive` is set, the names of the archive's members */
  readonly example: string;
  readonly archive?: true;
}

export interface Kind {
  readonly id: 'instances' | 'counts';
  /** masks and boxes are scored separately; counts have neither, and their reports are read like those of masks */
  readonly evaluations: readonly [Evaluation, ...Evaluation[]];
  /** whether tables and pages distinguish evaluations and protocols */
  readonly evaluated: boolean;
  /** the protocols that give different numbers */
  readonly protocols: readonly ProtocolId[];
  readonly formats: readonly FileFormat[];
  /** extension of files in examples: `json` */
  readonly ending: string;
  /** extension of archive members in examples */
  readonly memberEnding: string;
  /** what a file contains many of, in one word */
  readonly counted: string;
  /** words after a data set's number of objects: `462,261 cells counted` */
  readonly objects: string;
  /** ground truth is one file of counts per slot, instead of one file of annotations */
  readonly truthPerSlot: boolean;
  /** ground truth outlines cells, so that images have sizes and can be measured; of counts only their names are known */
  readonly outlines: boolean;
  /** name of a slot's ground truth in examples: `A172-nuclei.json` */
  readonly truthName: string;
  /** what its files are read as, in the words of a reader's purpose */
  readonly filesAre: 'predictions' | 'counts';
  /** detections are accepted instead, with a minimum score for counting */
  readonly takesThreshold: boolean;
}

const COCO_RESULTS: FileFormat = {
  name: 'COCO results',
  text: 'A JSON array with a record per detection, plain, gzipped or alone in a .zip. The image is its id or its file name, with or without extension. A mask is compressed or uncompressed RLE, or polygons; without a box, the mask’s box serves; without any mask, only boxes are scored. category_id is 1 or absent. mask_score, where present, ranks the masks and score the boxes.',
  example: `[
  {
    "image_id": "A172_Phase_C7_1_00d00h00m_1.tif",
    "category_id": 1,
    "score": 0.98,
    "segmentation": {
      "size": [520, 704],
      "counts": "ZZd0d0d?0000000000000000000000000000000000000fPW:"
    }
  },
  {
    "image_id": "A172_Phase_C7_1_00d00h00m_1.tif",
    "score": 0.87,
    "segmentation": [[110, 42, 128, 40, 133, 58, 117, 63]],
    "bbox": [110, 40, 23, 23]
  }
]
`,
};

const LABEL_IMAGES: FileFormat = {
  name: 'Label images',
  text: 'A .zip of one 8-, 16- or 32-bit PNG or TIFF per image, of the image’s size: 0 is background, every other number a cell. A file is named after its image, with or without the usual suffixes. Label images have no scores, so such entries are ranked among themselves; with a table scores.csv in the same .zip (columns image, label and score, a line per cell) they are ranked with all others.',
  example: `A172_Phase_C7_1_00d00h00m_1_cp_masks.png
A172_Phase_C7_1_00d00h00m_2_cp_masks.png
BT474_Phase_D3_1_00d00h00m_1_cp_masks.png
`,
  archive: true,
};

const COUNT_FORMATS: readonly FileFormat[] = [
  {
    name: 'Counts as JSON',
    text: 'A count per image, by its file name.',
    example: `{
  "A172_Phase_C7_1_00d00h00m_1.tif": 143,
  "A172_Phase_C7_1_00d00h00m_2.tif": 167
}
`,
  },
  {
    name: 'Counts as CSV',
    text: 'The same as a table, with this header.',
    example: `image,count
A172_Phase_C7_1_00d00h00m_1.tif,143
A172_Phase_C7_1_00d00h00m_2.tif,167
`,
  },
];

/** Masks or boxes of cells, scored against COCO annotations. */
export const INSTANCES: Kind = {
  id: 'instances',
  evaluations: EVALUATIONS,
  evaluated: true,
  protocols: PROTOCOL_IDS,
  formats: [COCO_RESULTS, LABEL_IMAGES],
  ending: 'json',
  memberEnding: 'json.gz',
  counted: 'detection',
  objects: 'cells',
  truthPerSlot: false,
  outlines: true,
  truthName: 'ground-truth',
  filesAre: 'predictions',
  takesThreshold: false,
};

/** A count of cells per image, scored against a count per image; the same numbers under every protocol. */
export const COUNTS: Kind = {
  id: 'counts',
  evaluations: ['segm'],
  evaluated: false,
  protocols: [PRIMARY_PROTOCOL],
  formats: [...COUNT_FORMATS, COCO_RESULTS],
  ending: 'csv',
  memberEnding: 'csv',
  counted: 'cell',
  objects: 'cells counted',
  truthPerSlot: true,
  outlines: false,
  truthName: 'nuclei',
  filesAre: 'counts',
  takesThreshold: true,
};
