/** The eight cell types of LIVECell and what an image's file name says. Source: Edlund et al. 2021, Table 1. */

export const CELL_TYPES = ['A172', 'BT474', 'BV2', 'Huh7', 'MCF7', 'SHSY5Y', 'SkBr3', 'SKOV3'] as const;
export type CellType = (typeof CELL_TYPES)[number];

export const CELL_TYPE_NAMES: Readonly<Record<CellType, string>> = {
  A172: 'A172',
  BT474: 'BT-474',
  BV2: 'BV-2',
  Huh7: 'Huh7',
  MCF7: 'MCF7',
  SHSY5Y: 'SH-SY5Y',
  SkBr3: 'SkBr3',
  SKOV3: 'SK-OV-3',
};

/** The cell types whose cells were counted by the fluorescence of their nuclei too. */
export const COUNTING_CELL_TYPES = ['A172', 'A549'] as const;
export type CountingCellType = (typeof COUNTING_CELL_TYPES)[number];

const byPlainName = new Map<string, CellType>(CELL_TYPES.map((type) => [plain(type), type]));

function plain(name: string): string {
  return name.toLowerCase().replace(/[-_\s]/g, '');
}

/** The cell type a name means, ignoring case, `-`, `_` and spaces: `SK-OV-3`, `skov3` and `SKOV3` are one. */
export function parseCellType(name: string): CellType | null {
  return byPlainName.get(plain(name)) ?? null;
}

/** What `<CellType>_Phase_<Well>_<Location>_<DDdHHhMMm>_<Crop>.tif` says. */
export interface ImageName {
  cellType: CellType | null;
  well: string;
  location: string;
  /** minutes since seeding */
  minutes: number;
  crop: string;
}

const PATTERN = /^(.+?)_Phase_([A-Za-z]+\d+)_(\d+)_(\d+)d(\d+)h(\d+)m_(\d+)$/;

/** Read a LIVECell file name (folder and extension are ignored); `null` when it has another form. */
export function parseImageName(fileName: string): ImageName | null {
  const match = PATTERN.exec(stem(fileName));
  if (!match) return null;
  const [, type, well, location, days, hours, minutes, crop] = match as unknown as string[];
  return {
    cellType: parseCellType(type),
    well,
    location,
    minutes: Number(days) * 1440 + Number(hours) * 60 + Number(minutes),
    crop,
  };
}

/** The cell type of an image: what stands before the first `_` of its file name. */
export function cellTypeOf(fileName: string): CellType | null {
  return parseCellType(stem(fileName).split('_Phase_')[0].split('_')[0]);
}

/** A file name without folder and extension: images are matched on it, since `.tif` and `.png` name the same image. */
export function stem(fileName: string): string {
  const base = fileName.slice(Math.max(fileName.lastIndexOf('/'), fileName.lastIndexOf('\\')) + 1);
  return base.replace(/\.(ome\.)?(tiff?|png|jpe?g|bmp)$/i, '');
}
