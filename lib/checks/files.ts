/** Checks on what a file is, whatever it is sent for, and on archives. */
import { type Check, check } from './check.ts';

export const FILE_CHECKS = {
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
  'annotations-not-predictions': check(
    'problem',
    'predictions',
    'The file holds annotations (the answers), not what a model predicted.',
    {
      example: '{"images": […], "annotations": […]} without a score anywhere',
      remedy: 'Send the results that the model wrote: each detection has a score.',
    },
  ),
  'counts-not-predictions': check('problem', 'predictions', 'The file holds counts where predictions are wanted.', {
    example: '{"a.tif": 12}',
    remedy: 'Send it to the task “Fluorescence counts”.',
  }),

  // archives
  'bad-zip': check('problem', 'archive', 'The zip archive is damaged or cut off.', {
    example: 'an archive whose copy broke off',
    remedy: 'Write it again, and compare its size after copying.',
  }),
  'empty-zip': check('problem', 'archive', 'The zip archive holds no file, or an empty one.', {
    example: 'a zip of an empty folder',
    remedy: 'Put the predictions into it.',
  }),
  'zip-in-zip': check('problem', 'archive', 'There is an archive inside the archive.', {
    example: 'results.zip inside upload.zip',
    remedy: 'Send the inner one alone.',
  }),
  'zip-with-several-files': check('problem', 'archive', 'The zip archive has several files where one is read.', {
    example: 'results.json beside config.json',
    remedy: 'Send one file of predictions alone, or label images and nothing else.',
  }),
  'zip-with-too-many-files': check('problem', 'archive', 'The zip archive has more files than are read.', {
    example: '200,000 members',
    remedy: 'Send one label image per test image.',
  }),
  'zip-encrypted': check('problem', 'archive', 'A file of the zip archive is encrypted.', {
    example: 'an archive with a password',
    remedy: 'Write the archive without a password.',
  }),
  'zip-method': check('problem', 'archive', 'A file of the zip archive is compressed with a method that is not read.', {
    example: 'LZMA, bzip2 or Zstandard',
    remedy: 'Write the archive with Deflate, the usual method, or gzip the JSON file.',
  }),
  'zip-split': check('problem', 'archive', 'The zip archive is one part of several.', {
    example: 'results.z01, results.z02, results.zip',
    remedy: 'Write it as one file, without splitting.',
  }),
} as const satisfies Record<string, Check>;
