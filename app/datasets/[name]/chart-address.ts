/** Names of the charts of a data set's page, as they stand in addresses. */
export type DatasetChart = 'images' | 'cells' | 'sizes' | 'cells-per-image' | 'density' | 'components' | 'weights';

/** Return the address of a chart as a file, without the format. */
export function chartAddress(dataset: string, chart: DatasetChart): string {
  return `/datasets/${encodeURIComponent(dataset)}/charts?chart=${chart}`;
}
