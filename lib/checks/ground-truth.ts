/** Checks on ground truth alone. */
import { type Check, check } from './check.ts';

export const GROUND_TRUTH_CHECKS = {
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
