/** Checks on single records of COCO files: each of them makes a record unusable. */
import { type Check, check } from './check.ts';

export const RECORD_CHECKS = {
  'image-id-missing': check('problem', 'predictions', 'image_id is missing, or not a number or a name.', {
    example: '{"score": 0.9, …}',
    remedy: "Write the data set's image id or the file name.",
  }),
  'unknown-image': check('either', 'any file', 'An image is not in this data set.', {
    example: '"image_id": 999',
    remedy: "Use the data set's ids or file names, and leave other images out.",
  }),
  'ambiguous-image': check('problem', 'any file', 'A name stands for several images.', {
    example: '"image_id": "t000.tif" where there are 01/t000.tif and 02/t000.tif',
    remedy: 'Write the full path, or the id.',
  }),
  'image-ids-re-indexed': check('problem', 'predictions', 'A framework has numbered the images its own way.', {
    example: 'ids 0, 1, 2, … instead of the data set’s',
    remedy: 'Write the data set’s ids, or file names.',
  }),
  'document-names-unknown': check('either', 'predictions', 'The file names in “images” are not in this data set.', {
    example: '"file_name": "frame-0.jpg"',
    remedy: 'Write the data set’s file names or ids.',
  }),
  'document-image-size': check(
    'warning',
    'predictions',
    'Images have another size in the document than in the data set.',
    {
      example: '"width": 640 instead of 704',
      remedy: 'Write masks and boxes in pixels of the original images.',
    },
  ),
  'id-not-exact': check('problem', 'any file', 'A number is too large to be exact.', {
    example: '"image_id": 7.7e+18',
    remedy: 'Write it as a whole number, or as a text.',
  }),
  'id-or-name': check('warning', 'predictions', 'A text of digits is the name of one image and the id of another.', {
    example: '"image_id": "1" where there are id 1 and the file 1.png',
    remedy: 'Write ids without quotes, names with their extension.',
  }),
  'category-not-a-number': check('problem', 'any file', 'category_id is not a number.', {
    example: '"category_id": "cell"',
    remedy: 'Write the number, or leave it out.',
  }),
  'too-many-categories': check('problem', 'any file', 'There are too many different values of category_id.', {
    example: 'an id per record',
    remedy: 'Write the category, or leave it out.',
  }),
  'score-missing': check('problem', 'predictions', 'A detection has no score.', {
    example: '{"image_id": 1, "bbox": […]}',
    remedy: 'Write a score, or send label images.',
  }),
  'score-not-a-number': check('problem', 'predictions', 'A score is not a number.', {
    example: '"score": "0.9"',
    remedy: 'Write it without quotes.',
  }),
  'score-not-finite': check('problem', 'predictions', 'A score is not finite.', {
    example: '"score": NaN',
    remedy: 'Write a finite number.',
  }),
  'mask-score-missing': check(
    'problem',
    'predictions',
    'mask_score is missing, although the first detection has one.',
    {
      example: 'one detection without mask_score',
      remedy: 'Write it for all, or for none.',
    },
  ),
  'bad-box': check('problem', 'any file', 'bbox is not four finite numbers.', {
    example: '"bbox": [1, 2, 3]',
    remedy: 'Write [x, y, width, height].',
  }),
  'negative-box': check('problem', 'any file', 'bbox has a negative size.', {
    example: '"bbox": [20, 20, -8, 4]',
    remedy: 'Write [x, y, width, height].',
  }),
  'nothing-to-score': check('problem', 'any file', 'There is neither a segmentation nor a bbox.', {
    example: '{"image_id": 1, "score": 0.9}',
    remedy: 'Write at least one of them.',
  }),
  'bad-segmentation': check('problem', 'any file', 'segmentation is neither run lengths nor polygons.', {
    example: '"segmentation": "mask.png"',
    remedy: 'Write {size, counts} or [[x, y, …], …].',
  }),
  'mask-size-missing': check('problem', 'any file', 'A run-length mask has no size.', {
    example: '{"counts": "…"}',
    remedy: 'Write "size": [height, width].',
  }),
  'wrong-mask-size': check('problem', 'any file', 'A mask is not of the size of its image.', {
    example: '"size": [704, 520] where the image is 520 high',
    remedy: 'Write [height, width] of the original image.',
  }),
  'bad-rle-string': check('problem', 'any file', 'counts is not COCO’s run-length code.', {
    example: '"counts": "b\'abc\'"',
    remedy: 'Write pycocotools’ encode(), decoded as ASCII.',
  }),
  'bad-rle-list': check('problem', 'any file', 'A run is not a whole number from 0 up.', {
    example: '"counts": [5, -1]',
    remedy: 'Write whole numbers.',
  }),
  'runs-do-not-add-up': check('problem', 'any file', 'The runs do not cover the image.', {
    example: '"counts": [5, 3] in an image of 6,144 pixels',
    remedy: 'Write all runs, column by column, background first.',
  }),
  'bad-polygon': check('problem', 'any file', 'A polygon is no polygon.', {
    example: '[[1, 2, 3, 4]]',
    remedy: 'Write at least three points in pixels.',
  }),
  'mask-too-long': check('problem', 'any file', 'A mask has more runs or points than are read.', {
    example: 'a mask of noise',
    remedy: 'Write the mask of one cell.',
  }),
  'too-many-runs': check('problem', 'any file', 'The masks have too many runs together.', {
    example: 'millions of detections',
    remedy: 'Raise the score threshold.',
  }),
  'too-many-detections': check('problem', 'any file', 'There are too many records.', {
    example: '5 million detections',
    remedy: 'Raise the score threshold.',
  }),
  'too-many-detections-in-image': check('problem', 'any file', 'There are too many records on one image.', {
    example: '60,000 detections on one image',
    remedy: 'Raise the score threshold.',
  }),
  'no-detections': check('problem', 'predictions', 'The file holds no detections.', {
    example: '[]',
    remedy: 'Lower the score threshold, or send the right file.',
  }),
  'no-detections-of-category': check('problem', 'predictions', 'No detection is of the category of a cell.', {
    example: '"category_id": 0 everywhere',
    remedy: 'Set category_id to the data set’s, leave it out, or count every category.',
  }),
} as const satisfies Record<string, Check>;
