/** Checks on the files of tasks with several slots. */
import { type Check, check } from './check.ts';

export const SLOT_CHECKS = {
  'missing-slot': check('problem', 'slots', 'A slot that the task needs has no file.', {
    example: 'seven of eight cell types',
    remedy: 'Add a file for it: a model must be scored on all of them.',
  }),
  'too-few-slots': check('problem', 'slots', 'Fewer slots have files than the task needs.', {
    example: 'one training size of at least two',
    remedy: 'Add files for further slots.',
  }),
  'fewer-slots': check('warning', 'slots', 'Some slots of the task have no file.', {
    example: 'two of four training sizes',
    remedy: 'Nothing, if the other models do not exist; otherwise add their files.',
  }),
  'not-a-zip': check('problem', 'slots', 'One file came for a task with several slots, and it is no archive.', {
    example: 'results.json for “Transferability”',
    remedy: 'Send a file for each slot, or one zip archive whose files are named by slot.',
  }),
  'zip-extra-member': check('problem', 'slots', 'A file of the archive is named after no slot.', {
    example: 'README.json beside A172.json',
    remedy: 'Rename it, or leave it out.',
  }),
  'zip-duplicate-member': check('problem', 'slots', 'Two files of the archive are for one slot.', {
    example: 'A172.json and a172/results.json',
    remedy: 'Keep one of them.',
  }),
  'few-fields': check('warning', 'slots', 'The part of the data set that is scored has too few fields for intervals.', {
    example: 'a public part of six wells of six cell types',
    remedy: 'Nothing: the numbers are right, and how far they can be trusted is not known.',
  }),
  'wrong-cell-type': check(
    'problem',
    'slots',
    'The file of a model has no detections on the cell type it was trained on.',
    {
      example: 'the predictions of the A549 model in the slot A172',
      remedy: 'Put each file into the slot of its own model.',
    },
  ),
  'no-images-of-type': check('problem', 'slots', 'The ground truth has no images of the slot’s cell type.', {
    example: 'a ground truth of A172 alone, scored for A549',
    remedy: 'Choose the ground truth that has images of this cell type.',
  }),
  'no-transferability-index': check(
    'warning',
    'slots',
    'The transferability index cannot be computed, because results are missing or zero.',
    {
      example: 'a model that finds nothing on its own cell type',
      remedy: 'Look at the pairs that the warning names; the index is a mean over all of them.',
    },
  ),
} as const satisfies Record<string, Check>;
