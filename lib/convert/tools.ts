/** Which tools' outputs are read, from which files, and by which function. */
import { addCocoResults, isCocoResults } from './coco-results.ts';
import { type Conversion, ConvertError, type GivenFile, parseJson } from './convert.ts';
import { addLabelImage, isLabelImage } from './label-images.ts';
import {
  addMmdetectionPrediction,
  addSegmentAnything,
  addStardistDetails,
  addUltralyticsResults,
} from './per-image-json.ts';
import { addQuPath } from './qupath.ts';
import { addSartorius } from './sartorius.ts';
import { addUltralyticsText } from './ultralytics-text.ts';

interface Tool {
  name: string;
  /** what its files are, for the help */
  reads: string;
  /** file names that count in a folder */
  files: RegExp;
  add(file: GivenFile, conversion: Conversion): void;
}

const isJson = ({ name }: GivenFile): boolean => /\.json$/i.test(name);

/** Use label images as they are, and JSON as `json` reads it. */
function labelsOr(json: (file: GivenFile, conversion: Conversion) => void): Tool['add'] {
  return (file, conversion) => {
    if (isLabelImage(file.bytes)) addLabelImage(file, conversion);
    else if (isJson(file)) json(file, conversion);
    else
      throw new ConvertError(
        `${file.name} is neither a label image (PNG, TIFF or .npy) nor JSON. Give the files that the tool wrote.`,
      );
  };
}

const COCO_OR =
  (other: (file: GivenFile, conversion: Conversion) => void) => (file: GivenFile, conversion: Conversion) =>
    isCocoResults(parseJson(file)) ? addCocoResults(file, conversion) : other(file, conversion);

export const TOOLS = {
  cellpose: {
    name: 'Cellpose',
    reads: '*_cp_masks.png or .tif, *_seg.npy',
    files: /(masks?\.(png|tiff?)|\.npy)$/i,
    add: labelsOr((file) => {
      throw new ConvertError(`${file.name} is JSON; Cellpose writes *_cp_masks.png, *_cp_masks.tif or *_seg.npy.`);
    }),
  },
  stardist: {
    name: 'StarDist',
    reads: 'label images (.tif), or a .json per image with the details “coord” and “prob”, which has scores',
    files: /\.(tiff?|png|npy|json)$/i,
    add: labelsOr(addStardistDetails),
  },
  'micro-sam': {
    name: 'micro-sam',
    reads: 'label images (.tif), or a .json per image with the masks of Segment Anything',
    files: /\.(tiff?|png|npy|json)$/i,
    add: labelsOr(addSegmentAnything),
  },
  ultralytics: {
    name: 'Ultralytics',
    reads: 'labels/*.txt of predict(save_txt=True, save_conf=True), predictions.json, or to_json() per image',
    files: /\.(txt|json)$/i,
    add: (file, conversion) =>
      isJson(file) ? COCO_OR(addUltralyticsResults)(file, conversion) : addUltralyticsText(file, conversion),
  },
  detectron2: {
    name: 'detectron2',
    reads: 'coco_instances_results.json',
    files: /coco_instances_results\.json$/i,
    add: (file, conversion) => {
      if (!isJson(file))
        throw new ConvertError(
          `${file.name} is not read: give coco_instances_results.json, which COCOEvaluator writes beside instances_predictions.pth.`,
        );
      addCocoResults(file, conversion);
    },
  },
  mmdetection: {
    name: 'MMDetection',
    reads: '*.segm.json of CocoMetric, or preds/*.json of DetInferencer',
    files: /\.json$/i,
    add: (file, conversion) => {
      if (!isJson(file))
        throw new ConvertError(
          `${file.name} is not read, since a pickle can run code: test with test_evaluator.outfile_prefix=results and give results.segm.json.`,
        );
      COCO_OR(addMmdetectionPrediction)(file, conversion);
    },
  },
  qupath: {
    name: 'QuPath',
    reads: 'a .geojson per image (Export objects as GeoJSON)',
    files: /\.(geojson|json)$/i,
    add: addQuPath,
  },
  sartorius: {
    name: 'Kaggle Sartorius',
    reads: 'the CSV of the competition, id,predicted',
    files: /\.csv$/i,
    add: addSartorius,
  },
} as const satisfies Record<string, Tool>;

export type ToolId = keyof typeof TOOLS;
export const TOOL_IDS = Object.keys(TOOLS) as ToolId[];
