/** Checks on the pictures of a data set. */
import { type Check, check } from './check.ts';

export const PICTURE_CHECKS = {
  'two-pictures': check('problem', 'pictures', 'Two files are pictures of one image.', {
    example: 'a.tif and a.png',
    remedy: 'Leave one of them out.',
  }),
  'ambiguous-picture': check('problem', 'pictures', 'The name of a picture fits several images.', {
    example: 't000.png where there are 01/t000.tif and 02/t000.tif',
    remedy: 'Put each picture into a folder named as that of its image.',
  }),
  'no-pictures': check('problem', 'pictures', 'No file is named as an image of the data set.', {
    example: 'the pictures of another data set',
    remedy: 'Name each picture as the ground truth names its image.',
  }),
  'image-without-picture': check('warning', 'pictures', 'Images have no picture.', {
    example: 'a picture that was left out',
    remedy: 'Add it, if it may be shown.',
  }),
  'pictures-too-large': check('problem', 'pictures', 'The pictures need more than 4 GB.', {
    example: '40,000 images of 1,024 × 1,024',
    remedy: 'Register a part of them.',
  }),
  'not-a-picture': check('problem', 'pictures', 'A file is neither a PNG nor a TIFF image.', {
    example: 'notes.txt named as a.tif',
    remedy: 'Write it as an 8-bit grey TIFF or PNG.',
  }),
  'picture-damaged': check('problem', 'pictures', 'A picture is damaged or cut off.', {
    example: 'a TIFF that was copied in part',
    remedy: 'Write it again.',
  }),
  'picture-size': check('problem', 'pictures', 'A picture has another size than its image.', {
    example: 'a picture at half the size',
    remedy: 'Write it at the size that the ground truth says.',
  }),
  'picture-too-large': check('problem', 'pictures', 'A picture is far larger than an 8-bit grey image.', {
    example: 'a stack of many pages',
    remedy: 'Write one page of 8 bits per pixel.',
  }),
  'picture-not-grey': check('problem', 'pictures', 'A picture has colours.', {
    example: 'an RGB picture',
    remedy: 'Write it as an 8-bit grey TIFF or PNG.',
  }),
  'picture-unsupported': check('problem', 'pictures', 'A picture has a format that is not read.', {
    example: '16 bits per pixel',
    remedy: 'Write it as an 8-bit grey TIFF or PNG.',
  }),
  'picture-one-value': check('problem', 'pictures', 'A picture is black and white.', {
    example: '1 bit per pixel',
    remedy: 'Write it as an 8-bit grey TIFF or PNG.',
  }),
  'picture-stack': check('problem', 'pictures', 'A picture is a stack of several.', {
    example: 'a time series in one TIFF',
    remedy: 'Write it as an 8-bit grey TIFF or PNG.',
  }),
  'picture-float': check('problem', 'pictures', 'The numbers of a picture are floating point.', {
    example: 'a TIFF of 32-bit floats',
    remedy: 'Write it as an 8-bit grey TIFF or PNG.',
  }),
} as const satisfies Record<string, Check>;
