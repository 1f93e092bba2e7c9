/**
 * Where LIVECell's authors publish images and annotations: the addresses in the README of their repository,
 * https://github.com/sartorius-research/LIVECell (the page https://sartorius-research.github.io/LIVECell/ is made of it).
 */

export const OFFICIAL_PAGE = 'https://sartorius-research.github.io/LIVECell/';
export const OFFICIAL_LICENCE = 'CC BY-NC 4.0, Sartorius; Edlund et al., Nature Methods 2021';

/** How the data set is cited: the paper. */
export const LIVECELL_BIBTEX = `@article{edlund2021livecell,
  title = {{LIVECell}—A large-scale dataset for label-free live cell segmentation},
  author = {Edlund, Christoffer and Jackson, Timothy R. and Khalid, Nabeel and Bevan, Nicola and Dale, Timothy and Dengel, Andreas and Ahmed, Sheraz and Trygg, Johan and Sj{\\"o}gren, Rickard},
  journal = {Nature Methods},
  volume = {18},
  pages = {1038--1045},
  year = {2021},
  doi = {10.1038/s41592-021-01249-6}
}`;

const BUCKET = 'http://livecell-dataset.s3.eu-central-1.amazonaws.com/LIVECell_dataset_2021';

interface OfficialFile {
  what: string;
  url: string;
}

const IMAGES: OfficialFile = { what: 'Images of all splits, 1.3 GB', url: `${BUCKET}/images.zip` };
const SPLITS: readonly OfficialFile[] = [
  ['Training', 'train'],
  ['Validation', 'val'],
  ['Test', 'test'],
].map(([name, split]) => ({
  what: `${name} annotations`,
  url: `${BUCKET}/annotations/LIVECell/livecell_coco_${split}.json`,
}));

const SIZES: readonly OfficialFile[] = [2, 4, 5, 25, 50].map((percent, i) => ({
  what: `Training annotations, ${percent} %`,
  url: `${BUCKET}/annotations/LIVECell_dataset_size_split/${i}_train${percent}percent.json`,
}));

const COUNTS: readonly OfficialFile[] = ['A549', 'A172'].flatMap((type) => [
  { what: `Images of ${type}`, url: `${BUCKET}/nuclear_count_benchmark/${type}.zip` },
  { what: `Counts of ${type}`, url: `${BUCKET}/nuclear_count_benchmark/${type}_counts.json` },
]);

/** Return the official files for a task; none for tasks on data sets of others. */
export function officialFiles(task: string): readonly OfficialFile[] {
  if (task === 'fluorescence-counts') return COUNTS;
  if (task === 'zero-shot') return [];
  if (task === 'training-size') return [IMAGES, ...SPLITS, ...SIZES];
  return [IMAGES, ...SPLITS];
}
