/** Checks on counts and times per image, and on detections that are counted. */
import { type Check, check } from './check.ts';

export const COUNT_CHECKS = {
  'no-counts': check('problem', 'counts', 'The file holds no counts.', {
    example: 'a header without lines',
    remedy: 'Write a line for each image.',
  }),
  'not-counts': check('problem', 'counts', 'The file does not hold a count for each image.', {
    example: 'a COCO document without a score threshold',
    remedy:
      'Write {"<file name>": <count>, …}, or CSV with the header image,count; state a score threshold to have predictions counted.',
  }),
  'not-csv': check('problem', 'counts', 'A quotation mark is never closed.', {
    example: '"a.tif,12',
    remedy: 'Close the quotation mark, or leave both out.',
  }),
  'wrong-header': check(
    'problem',
    'counts',
    'The first line is not the header image,count, or image,seconds for times.',
    {
      example: 'name,x,y,cells',
      remedy: 'Name the two columns image and count (or seconds), and leave others out.',
    },
  ),
  'no-image-name': check('problem', 'counts', 'A line names no image.', {
    example: ',12',
    remedy: 'Write the file name before the number.',
  }),
  'count-not-a-number': check('problem', 'counts', 'A count is missing, or not a number.', {
    example: 'a.tif,twelve',
    remedy: 'Write digits alone, and 0 where no cell was found.',
  }),
  'decimals-or-thousands': check('warning', 'counts', 'Every count ends in “.000”, as decimals or thousands might.', {
    example: 'a.tif;12.000 and b.tif;8.000',
    remedy: 'Write digits alone.',
  }),
  'negative-count': check('problem', 'counts', 'A count is negative.', {
    example: 'a.tif,-1',
    remedy: 'Write 0 or more.',
  }),
  'fractional-count': check('problem', 'counts', 'A count is not a whole number.', {
    example: 'a.tif,12.5',
    remedy: 'Count objects, or round before writing the file.',
  }),
  'count-too-large': check('problem', 'counts', 'A count is larger than an image can hold.', {
    example: 'a.tif,99999999',
    remedy: 'Look whether it is another column, or a sum.',
  }),
  'wrong-series': check('problem', 'counts', 'No image of the file is in this series.', {
    example: 'A549_… in the slot A172',
    remedy: 'Put the file into the right slot, or write the series’ own file names.',
  }),
  'missing-image': check('problem', 'counts', 'An image has no count, or no time.', {
    example: '119 of 120 lines',
    remedy: 'Write a line for each image; a count is 0 where no cell was found.',
  }),
  'no-reference-counts': check('problem', 'counts', 'There are no reference counts for the slot.', {
    example: '--predictions A172=… with --ground-truth A549=… alone',
    remedy: 'Give the reference counts of the same slot.',
  }),
  'annotations-before-images': check('problem', 'counts', 'The document lists “annotations” before “images”.', {
    example: '{"annotations": […], "images": […]}',
    remedy: 'Write “images” first, or a list of detections whose image_id is the file name.',
  }),
  'no-image': check('problem', 'counts', 'A detection that is to be counted has no image_id.', {
    example: '{"score": 0.9}',
    remedy: 'Write the file name as image_id.',
  }),
  'no-score': check('problem', 'counts', 'A detection that is to be counted has no score.', {
    example: '{"image_id": "a.tif"}',
    remedy: 'Give each detection its score, or send a count for each image.',
  }),
  'no-times': check('problem', 'times', 'The file holds no times.', {
    example: 'a header without lines',
    remedy: 'Write a line for each image.',
  }),
  'time-not-a-number': check('problem', 'times', 'A time is missing, or not a number.', {
    example: 'a.tif,0,42',
    remedy: 'Write seconds with a decimal point, such as 0.42.',
  }),
  'time-not-positive': check('problem', 'times', 'A time is not above 0.', {
    example: 'a.tif,0',
    remedy: 'Write how many seconds the image took, with enough digits.',
  }),
  'time-too-long': check('problem', 'times', 'A time is longer than a day.', {
    example: 'a.tif,412000',
    remedy: 'Write seconds, not milliseconds, and not the sum over images.',
  }),
} as const satisfies Record<string, Check>;
