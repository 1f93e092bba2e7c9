/** The state of a comparison is its address: `?entries=ID,ID&evaluation=&protocol=&found=&type=`. */
import { EVALUATIONS, type Evaluation, PRIMARY_PROTOCOL, PROTOCOL_IDS, type ProtocolId } from '#lib/coco/protocol.ts';
import { type CellType, parseCellType } from '#lib/livecell/cell-types.ts';

export type Params = Readonly<Record<string, string | string[] | undefined>>;

export interface CompareView {
  ids: string[];
  protocol: ProtocolId;
  /** undefined: masks, where all entries have them */
  evaluation: Evaluation | undefined;
  /** the pattern of cells whose images are listed, such as `10` */
  found: string | undefined;
  /** the cell type of these cells; undefined: all */
  type: CellType | undefined;
}

export function parseCompareView(params: Params): CompareView {
  const first = (name: string) => [params[name] ?? []].flat()[0];
  return {
    // a form of check boxes sends the parameter several times
    ids: [...new Set([params.entries ?? []].flat().flatMap((part) => part.split(',')))].filter(Boolean),
    protocol: PROTOCOL_IDS.find((id) => id === first('protocol')) ?? PRIMARY_PROTOCOL,
    evaluation: EVALUATIONS.find((id) => id === first('evaluation')),
    found: first('found') || undefined,
    type: parseCellType(first('type') ?? '') ?? undefined,
  };
}

/** Names of the charts, as they stand in addresses. */
export type CompareChart =
  | 'differences'
  | 'per-iou-differences'
  | 'per-iou'
  | 'by-type'
  | 'by-field'
  | 'precision-recall'
  | 'calibration'
  | 'images';

/** Return the address of a changed view, on the page or of the API. */
export function compareHref(view: CompareView, changes: Partial<CompareView> = {}, path = '/compare'): string {
  const { ids, protocol, evaluation, found, type } = { ...view, ...changes };
  const query = [`entries=${ids.map(encodeURIComponent).join(',')}`];
  if (protocol !== PRIMARY_PROTOCOL) query.push(`protocol=${protocol}`);
  if (evaluation) query.push(`evaluation=${evaluation}`);
  if (found) query.push(`found=${found}`);
  if (found && type) query.push(`type=${type}`);
  return `${path}?${query.join('&')}`;
}
