/**
 * LIVECell's cell lines (as introduced in Table 1 of Edlund et al. 2021): the tissue of origin, as stated by cell
 * banks, and the appearance in culture.
 */
import type { CellType } from './cell-types.ts';

interface CellLine {
  origin: string;
  appearance: string;
}

export const CELL_LINES: Readonly<Record<CellType, CellLine>> = {
  A172: { origin: 'Human glioblastoma', appearance: 'Flat, elongated to star-shaped' },
  BT474: { origin: 'Human breast, ductal carcinoma', appearance: 'Epithelial, in compact islands' },
  BV2: { origin: 'Mouse microglia', appearance: 'Small and round, grows dense' },
  Huh7: { origin: 'Human liver, hepatocellular carcinoma', appearance: 'Epithelial, polygonal' },
  MCF7: { origin: 'Human breast, adenocarcinoma', appearance: 'Epithelial, in tight clusters' },
  SHSY5Y: { origin: 'Human neuroblastoma', appearance: 'Neuron-like, with thin processes' },
  SkBr3: { origin: 'Human breast, adenocarcinoma', appearance: 'Round, with bright borders' },
  SKOV3: { origin: 'Human ovary, adenocarcinoma', appearance: 'Large and flat' },
};
