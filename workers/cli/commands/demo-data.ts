/** `livecell demo-data`: writes a small synthetic benchmark. */
import { CallError, type Command, JSON_OPTION, oneFile, userPath } from '#workers/cli/command.ts';
import { count, inShell } from '#workers/cli/words.ts';

export const demoData: Command = {
  name: 'demo-data',
  takes: 'DIR',
  help: 'Writes a small synthetic benchmark: ground truth, predictions of three qualities, counts.',
  example: 'livecell demo-data demo --images 2',
  options: {
    images: { type: 'string', value: 'N', help: 'images per cell type; default: 6', default: '6' },
    seed: { type: 'string', value: 'S', help: 'the same seed writes the same files; default: 1', default: '1' },
    pictures: { type: 'boolean', help: 'write the images too, drawn as phase contrast' },
    json: JSON_OPTION,
  },
  async run(values, files, out) {
    const dir = userPath(oneFile(files, 'folder'));
    const imagesPerType = Number(values.images);
    const seedNumber = Number(values.seed);
    const { MOST_IMAGES_PER_TYPE, writeDemoData } = await import('#workers/demo/data.ts');
    if (!Number.isInteger(imagesPerType) || imagesPerType < 1 || imagesPerType > MOST_IMAGES_PER_TYPE)
      throw new CallError(`--images must be a whole number from 1 to ${MOST_IMAGES_PER_TYPE}, not “${values.images}”.`);
    if (!Number.isSafeInteger(seedNumber)) throw new CallError(`--seed must be a whole number, not “${values.seed}”.`);
    const written = await writeDemoData(dir, {
      imagesPerType,
      seed: seedNumber,
      pictures: values.pictures === true,
    });
    out.document(written);
    out.print(`Wrote ${count(written.objects, 'synthetic cell')} on ${count(written.images, 'image')}:`);
    out.print(`  ${written.groundTruth}`);
    for (const { path, detections } of written.predictions) out.print(`  ${path} (${count(detections, 'detection')})`);
    for (const { reference, predictions } of Object.values(written.counts))
      out.print(`  ${reference}\n  ${predictions}`);
    if (written.pictures) out.print(`  ${written.pictures} (${count(written.images, 'picture')})`);
    const [{ path }] = written.predictions;
    out.print(
      `Score one: livecell score --ground-truth ${inShell(written.groundTruth)} --predictions ${inShell(path)}`,
    );
  },
};
