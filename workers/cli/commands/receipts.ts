/** `livecell receipts keys` and `livecell receipts rotate`: the keys that sign receipts. */
import { keepFilesPrivate } from '#lib/private-folder.ts';
import type { PublishedKey } from '#lib/receipts/signature.ts';
import { CallError, type Command, JSON_OPTION } from '#workers/cli/command.ts';

export const receiptKeys: Command = {
  name: 'receipts keys',
  help: 'Lists the public keys that sign receipts, old ones included.',
  example: 'livecell receipts keys --json',
  options: { json: JSON_OPTION },
  async run(_values, files, out) {
    if (files.length > 0) throw new CallError(`“${files[0]}” is not expected.`);
    keepFilesPrivate();
    const { publishedKeys } = await import('#lib/receipt-keys.ts');
    const keys = await publishedKeys();
    out.document({ keys });
    for (const key of keys) out.print(line(key));
  },
};

export const rotateReceipts: Command = {
  name: 'receipts rotate',
  help: 'Makes a new key for receipts. The old public key stays published, so that old receipts can be checked.',
  details:
    'The site may go on running: its next receipt is signed with the new key. Where the key comes from RECEIPT_KEY, set\n' +
    'that variable to a new key and restart instead.',
  example: 'livecell receipts rotate',
  options: { json: JSON_OPTION },
  async run(_values, files, out) {
    if (files.length > 0) throw new CallError(`“${files[0]}” is not expected.`);
    keepFilesPrivate();
    const { rotateReceiptKey } = await import('#lib/receipt-keys.ts');
    const key = await rotateReceiptKey();
    out.document({ key });
    out.print(`Receipts are signed with the key ${key.id} from now on.`);
  },
};

function line({ id, createdAt, retiredAt }: PublishedKey): string {
  return `${id}  since ${createdAt.slice(0, 10)}${retiredAt ? `, until ${retiredAt.slice(0, 10)}` : ', signs now'}`;
}
