/** The eight cell types of LIVECell, and how to parse image file names. Source: Edlund et al. 2021, Table 1. */

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

/**
 * Return the cell type with this name, ignoring case, `-`, `_` and spaces: `SK-OV-3`, `skov3` and `SKOV3` are the same.
 */
export function parseCellType(name: string): CellType | null {
  return byPlainName.get(plain(name)) ?? null;
}

/** The parts of `<CellType>_Phase_<Well>_<Location>_<DDdHHhMMm>_<Crop>.tif`. */
export interface ImageName {
  cellType: CellType | null;
  well: string;
  location: string;
  /** minutes since seeding */
  minutes: number;
  crop: string;
}

const PATTERN = /^(.+?)_Phase_([A-Za-z]+\d+)_(\d+)_(\d+)d(\d+)h(\d+)m_(\d+)$/;

/** Parse a LIVECell file name (folder and extension are ignored); `null` if it has another form. */
export function parseImageName(fileName: string): ImageName | null {
  const match = PATTERN.exec(stem(fileName));
  if (!match) return null;
  const [, type, well, location, days, hours, minutes, crop] = match;
  return {
    cellType: parseCellType(type),
    well,
    location,
    minutes: Number(days) * 1440 + Number(hours) * 60 + Number(minutes),
    crop,
  };
}

/** Return the cell type of an image: the part of its file name before the first `_`. */
export function cellTypeOf(fileName: string): CellType | null {
  return parseCellType(stem(fileName).split('_Phase_')[0].split('_')[0]);
}

/**
 * Return a file name without folder and extension: images are matched by it, since `.tif` and `.png` name the same
 * image.
 */
export function stem(fileName: string): string {
  const base = fileName.slice(Math.max(fileName.lastIndexOf('/'), fileName.lastIndexOf('\\')) + 1);
  return base.replace(/\.(ome\.)?(tiff?|png|jpe?g|bmp)$/i, '');
}
