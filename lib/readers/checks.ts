/**
 * The list of checks on COCO files and on files in general: every code with what it says, an example and the remedy.
 * Full messages carry the record, the place and the numbers, and are written where they are found;
 * `tests/readers/checks.test.ts` holds the readers against this list.
 */

interface Check {
  /** a problem rejects the file, a warning does not */
  as: 'problem' | 'warning' | 'either';
  /** what the file is that it is about */
  about: 'any file' | 'archive' | 'predictions' | 'ground truth' | 'label images' | 'counts' | 'pictures';
  /** what is wrong, in a sentence */
  says: string;
  /** a piece of a file in which it is found */
  example: string;
  /** how to mend it */
  remedy: string;
}

const check = (
  as: Check['as'],
  about: Check['about'],
  says: string,
  more: { example: string; remedy: string },
): Check => ({
  as,
  about,
  says,
  ...more,
});

export const CHECKS = {
  // --- what a file is ---
  empty: check('problem', 'any file', 'The file is empty.', {
    example: 'a file of 0 bytes',
    remedy: 'Write it again.',
  }),
  'wrong-kind': check('problem', 'any file', 'The file is of a kind that cannot be read here.', {
    example: 'a picture, a model checkpoint, text in UTF-16',
    remedy: 'Send the file that is asked for: COCO results, label images, counts, or a COCO document as ground truth.',
  }),
  'not-detections': check('problem', 'predictions', 'The file is a JSON list, but not of detections.', {
    example: '[1, 2, 3]',
    remedy: 'Write a list of {"image_id": …, "score": …, "segmentation": …, "bbox": …}.',
  }),
  'file-too-large': check('problem', 'any file', 'The file is larger than what is read.', {
    example: 'a file of 5 GB',
    remedy: 'Gzip it, or raise the score threshold.',
  }),
  'cut-off': check('problem', 'any file', 'The file ends in the middle.', {
    example: '[{"image_id": 1, "sco',
    remedy: 'Write or copy it again, and compare its size.',
  }),
  'bad-gzip': check('problem', 'any file', 'The gzip file is damaged.', {
    example: 'a changed byte',
    remedy: 'Write it again.',
  }),
  'inflates-too-far': check('problem', 'any file', 'The file unpacks to far more than its size.', {
    example: '1 MB that unpacks to 1 GB',
    remedy: 'Send it as it is, or pack it again.',
  }),
  'record-too-large': check('problem', 'any file', 'One record is longer than what is read.', {
    example: 'a detection of 20 MB',
    remedy: 'Write masks as run lengths.',
  }),
  'not-json': check('problem', 'any file', 'The file is not valid JSON.', {
    example: "[{'image_id': 1}]",
    remedy: 'Write it with json.dump.',
  }),
  'not-a-list': check('problem', 'any file', 'The file is JSON, but neither a list of records nor a COCO document.', {
    example: '{"data": […]}',
    remedy: 'Write a list of detections; for ground truth one document with images, annotations and categories.',
  }),
  'counts-not-predictions': check('problem', 'predictions', 'The file holds counts where predictions are wanted.', {
    example: '{"a.tif": 12}',
    remedy: 'Send it to the task “Fluorescence counts”.',
  }),

  // --- records ---
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

  // --- odd, but read ---
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
  'polygons-as-fractions': check('warning', 'ground truth', 'Polygons look like fractions of the image.', {
    example: '[[0.1, 0.2, …]]',
    remedy: 'Multiply by width and height.',
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
  'category-not-scored': check('warning', 'any file', 'Records of other categories are not scored.', {
    example: '"category_id": 2',
    remedy: 'Count every category if they are cells.',
  }),
  'category-counted-as-cell': check('warning', 'predictions', 'Other categories are counted as cells, as asked.', {
    example: '--any-category',
    remedy: 'Nothing, if that was meant.',
  }),

  // --- ground truth ---
  'bad-image': check('problem', 'ground truth', 'An image of “images” lacks something.', {
    example: '"width": "96"',
    remedy: 'Write id, file_name, and width and height as whole numbers.',
  }),
  'bad-image-list': check('problem', 'ground truth', 'The list of images is not one.', {
    example: '[{"name": "a.tif"}]',
    remedy: 'Write [{id, file_name, width, height}, …].',
  }),
  'duplicate-image': check('problem', 'any file', 'An image occurs twice.', {
    example: 'two images with id 1',
    remedy: 'Keep one of them.',
  }),
  'no-images': check('problem', 'ground truth', 'The document lists no images.', {
    example: '{"annotations": []}',
    remedy: 'Write “images”.',
  }),
  'no-annotation-of-category': check('problem', 'ground truth', 'No annotation is of the category that is scored.', {
    example: 'categories 2 and 3 alone',
    remedy: 'Set category_id of the cells to 1, or keep their category alone.',
  }),
  'no-annotations': check('warning', 'ground truth', 'There are no annotations.', {
    example: '"annotations": []',
    remedy: 'Send the annotated document.',
  }),
  'all-crowd': check('either', 'ground truth', 'All annotations are crowds.', {
    example: '"iscrowd": 1 everywhere',
    remedy: 'Set iscrowd to 0.',
  }),
  'annotations-beyond-image': check('warning', 'ground truth', 'Annotations reach beyond their images.', {
    example: 'width and height exchanged',
    remedy: 'Write the size of the original image.',
  }),
  'areas-not-of-masks': check('warning', 'ground truth', 'Areas are not those of the masks.', {
    example: '"area": width × height of the box',
    remedy: 'Write the number of pixels.',
  }),
  'empty-annotation': check('warning', 'ground truth', 'Annotations have masks without pixels.', {
    example: 'a polygon outside the image',
    remedy: 'Leave them out, or mend them.',
  }),
  'ground-truth-without-masks': check('warning', 'ground truth', 'Annotations are boxes without masks.', {
    example: '"segmentation": [] everywhere',
    remedy: 'Nothing, if boxes are to be scored.',
  }),
  'duplicate-annotation': check('warning', 'ground truth', 'Annotations occur twice.', {
    example: 'two files joined that share images',
    remedy: 'Keep each once.',
  }),
  'duplicate-annotation-id': check('warning', 'ground truth', 'Annotations share an id.', {
    example: '"id": 0 everywhere',
    remedy: 'Number them.',
  }),
  'annotation-without-image': check('warning', 'ground truth', 'Annotations are of images that are not listed.', {
    example: '"image_id": 999',
    remedy: 'List the image, or leave the annotation out.',
  }),
} as const satisfies Record<string, Check>;
