/** Short names for choices, the same on every page. */
import type { Evaluation, ProtocolId } from '#lib/coco/protocol.ts';

export const EVALUATION_NAMES: Readonly<Record<Evaluation, string>> = { segm: 'Masks', bbox: 'Boxes' };

export const PROTOCOL_LABELS: Readonly<Record<ProtocolId, string>> = {
  'livecell-paper': 'Paper',
  'livecell-code': 'Released code',
  coco: 'Stock COCO',
};
