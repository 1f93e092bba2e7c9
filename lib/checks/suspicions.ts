/** Checks on whole COCO files: each finds something legal that is probably not meant. */
import { type Check, check } from './check.ts';

export const SUSPICION_CHECKS = {
  'no-mask': check('either', 'any file', 'Records have no segmentation.', {
    example: '{"image_id": 1, "bbox": […], "score": 0.9}',
    remedy: 'Write masks for all, or boxes alone.',
  }),
  'detection-without-mask': check('warning', 'predictions', 'Some detections have no mask and count as empty ones.', {
    example: '"segmentation": []',
    remedy: 'Leave them out, or write their masks.',
  }),
  'empty-mask': check('warning', 'predictions', 'Masks have no pixels.', {
    example: '"counts": [6144]',
    remedy: 'Leave them out.',
  }),
  'empty-runs': check('warning', 'predictions', 'Masks have runs of length 0.', {
    example: '"counts": [5, 3, 0, 2, …]',
    remedy: 'Write them with pycocotools.',
  }),
  'empty-box': check('warning', 'any file', 'Boxes have no area.', {
    example: '"bbox": [4, 4, 0, 8]',
    remedy: 'Write [x, y, width, height].',
  }),
  'zero-boxes': check('warning', 'any file', 'All boxes are zero.', {
    example: '"bbox": [0, 0, 0, 0] beside every mask',
    remedy: 'Leave bbox out, or compute it from the mask.',
  }),
  'box-beyond-border': check('warning', 'predictions', 'Boxes reach beyond the image.', {
    example: '"bbox": [690, 500, 60, 60]',
    remedy: 'Write [x, y, width, height] in pixels.',
  }),
  'boxes-in-another-convention': check('warning', 'any file', 'Boxes look like corners, centres or fractions.', {
    example: '"bbox": [x1, y1, x2, y2]',
    remedy: 'Write [x, y, width, height] in pixels.',
  }),
  'masks-outside-boxes': check('warning', 'any file', 'Masks do not lie in their own boxes.', {
    example: 'runs along rows, y before x, flipped or shifted masks',
    remedy: 'The message names the likely cause.',
  }),
  'masks-cover-background': check('warning', 'any file', 'Most masks cover more than half of their image.', {
    example: 'inverted masks',
    remedy: 'Foreground is the cell.',
  }),
  'hollow-masks': check('warning', 'any file', 'Most masks are hollow or striped.', {
    example: 'outlines alone',
    remedy: 'Fill the masks, or trace the outline in order.',
  }),
  'scattered-masks': check('warning', 'any file', 'Most masks are scattered over a large extent.', {
    example: 'runs along rows, without boxes',
    remedy: 'Count runs down the columns (order="F").',
  }),
  'polygon-part-dropped': check('warning', 'any file', 'Parts of polygons have fewer than three points.', {
    example: '[[outline], [5, 5]]',
    remedy: 'Leave such parts out.',
  }),
  'polygons-as-fractions': check('warning', 'any file', 'Polygons look like fractions of the image.', {
    example: '[[0.1, 0.2, …]]',
    remedy: 'Multiply by width and height.',
  }),
  'polygons-in-per-cent': check('warning', 'any file', 'Polygons look like per cent of the image.', {
    example: '[[10, 20, …]] with no coordinate above 100, in images of 704 × 520',
    remedy: 'Multiply by a hundredth of the width and height.',
  }),
  'duplicate-detection': check('warning', 'predictions', 'Detections occur twice.', {
    example: 'the padding of a distributed sampler',
    remedy: 'Keep each image once.',
  }),
  'image-without-detections': check('warning', 'any file', 'Images have no detection.', {
    example: 'two of three images missing',
    remedy: 'Predict all test images.',
  }),
  'more-than-2000-detections': check('warning', 'predictions', 'Images have more detections than count.', {
    example: '4,000 detections on an image',
    remedy: 'Raise the score threshold.',
  }),
  'detector-limit': check(
    'warning',
    'predictions',
    'Many images have exactly as many detections as a detector’s limit.',
    {
      example: '100 detections on most images',
      remedy: 'Raise max_det or detections_per_image to 3,000.',
    },
  ),
  'all-scores-equal': check('warning', 'predictions', 'All scores are equal.', {
    example: '"score": 1.0 everywhere',
    remedy: 'Write the scores, or send label images.',
  }),
  'scores-beyond-0-1': check('warning', 'predictions', 'Scores lie outside 0 to 1.', {
    example: '"score": 97.2, or "score": -1.3',
    remedy: 'Nothing, if order alone matters; else divide per cent by 100, or apply the sigmoid to logits.',
  }),
  'category-not-scored': check('warning', 'any file', 'Records of other categories are not scored.', {
    example: '"category_id": 2',
    remedy: 'Count every category if they are cells.',
  }),
  'category-counted-as-cell': check('warning', 'predictions', 'Other categories are counted as cells, as asked.', {
    example: '--any-category',
    remedy: 'Nothing, if that was meant.',
  }),
} as const satisfies Record<string, Check>;
