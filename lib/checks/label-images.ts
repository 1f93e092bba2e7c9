/** Checks on label images, in archives of pictures or NumPy arrays. */
import { type Check, check } from './check.ts';

export const LABEL_IMAGE_CHECKS = {
  'not-a-label-image': check(
    'problem',
    'label images',
    'A file of the archive is neither a PNG nor a TIFF image, nor a NumPy array.',
    {
      example: 'notes.txt named as a.tif',
      remedy: 'Write each label image as PNG, TIFF or .npy.',
    },
  ),
  'label-image-damaged': check('problem', 'label images', 'A label image is damaged or cut off.', {
    example: 'a TIFF that was copied in part',
    remedy: 'Write it again.',
  }),
  'label-image-unsupported': check('problem', 'label images', 'A label image has a format that is not read.', {
    example: 'a BigTIFF, JPEG inside a TIFF, 64-bit labels above 4,294,967,295',
    remedy: 'Write 16-bit grey PNG, or 16- or 32-bit grey TIFF.',
  }),
  'label-image-not-grey': check('problem', 'label images', 'A label image has colours instead of label numbers.', {
    example: 'an RGB picture of the cells',
    remedy: 'Write the label numbers themselves as a grey image of 16 bits.',
  }),
  'label-image-float': check(
    'problem',
    'label images',
    'The numbers of a label image are floating point, and not whole numbers of 32 bits.',
    {
      example: 'dtype float64, or 2.5 in a TIFF of float32',
      remedy: 'Write astype(np.uint16) or np.int32.',
    },
  ),
  'label-image-negative': check('problem', 'label images', 'A label image has labels below 0.', {
    example: 'background −1',
    remedy: 'Write background as 0 and labels from 1, as unsigned numbers.',
  }),
  'label-image-8-bit': check(
    'problem',
    'label images',
    'A label image has 8 bits and labels up to 255, so that larger ones may have been cut off.',
    {
      example: 'np.uint8 with 300 cells',
      remedy: 'Write 16-bit labels: astype(np.uint16).',
    },
  ),
  'label-image-one-value': check(
    'problem',
    'label images',
    'All cells of a label image have one value: it is a black and white mask.',
    {
      example: '0 and 255, 0 and 65535, or True and False',
      remedy: 'Give each cell its own number, for example with skimage.measure.label.',
    },
  ),
  'label-image-classes': check('problem', 'label images', 'The labels of an image are classes, not cells.', {
    example: '1 is cell and 2 is nucleus',
    remedy: 'Give each cell its own number, for example with skimage.measure.label.',
  }),
  'label-image-size': check('problem', 'label images', 'A label image has another size than its image.', {
    example: '512 × 512 where the image is 704 × 520',
    remedy: 'Write labels at the original size, not resized, cropped, padded or turned.',
  }),
  'label-image-too-large': check('problem', 'label images', 'A label image is larger than what is read.', {
    example: 'a stack of many pages',
    remedy: 'Write one page of 16 or 32 bits per pixel.',
  }),
  'label-image-stack': check('problem', 'label images', 'A label image is a stack of several.', {
    example: 'an array of shape (30, 520, 704)',
    remedy: 'Write one array of height × width for each image; number the cells in it.',
  }),
  'numpy-pickle': check(
    'problem',
    'label images',
    'A NumPy file holds Python objects (a pickle), which can run code and is not opened.',
    {
      example: 'Cellpose’s _seg.npy',
      remedy: 'Write the label array alone: np.save(path, masks.astype(np.uint16)).',
    },
  ),
  'two-label-images': check('problem', 'label images', 'Two label images are for one image.', {
    example: 'a_masks.png and a_labels.tif',
    remedy: 'Send one label image for each image.',
  }),
  'scores-header': check(
    'problem',
    'label images',
    'The table of scores beside label images lacks a column, or cannot be read as a table.',
    {
      example: 'cell,confidence',
      remedy: 'Write the columns image, label and score, separated by commas.',
    },
  ),
  'label-without-cell': check(
    'problem',
    'label images',
    'A line of the table of scores names a label that no cell has.',
    {
      example: 'a.tif,0,0.9, or label 300 of an image with 200 cells',
      remedy: 'Write the numbers that the cells have in the label image.',
    },
  ),
  'two-scores': check('problem', 'label images', 'A cell has two lines in the table of scores.', {
    example: 'a.tif,1,0.9 and a.tif,1,0.8',
    remedy: 'Keep one of them.',
  }),
  'label-in-parts': check('warning', 'label images', 'The only label of an image has separate parts.', {
    example: 'two cells that both have the value 1',
    remedy: 'Give each cell its own number.',
  }),
  'one-label-per-image': check('warning', 'label images', 'No image has more than one label.', {
    example: '0 and 1 in every image',
    remedy: 'Give each cell its own number.',
  }),
} as const satisfies Record<string, Check>;
