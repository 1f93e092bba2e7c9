/** Links to a chart as a file. */

interface Props {
  /** with a query, to which the format is added */
  address: string;
  /** title of the chart */
  of: string;
  /** in a line of text */
  bare?: boolean;
}

export function ChartFiles({ address, of, bare }: Props) {
  const links = ['SVG', 'PNG', 'CSV'].map((format, i) => (
    <span key={format}>
      {i > 0 && ' · '}
      <a href={`${address}&format=${format.toLowerCase()}`} rel="nofollow">
        {format} <span className="visually-hidden">of “{of}”</span>
      </a>
    </span>
  ));
  return bare ? links : <p className="chart-files">{links}</p>;
}
