'use client';

/**
 * The rows of a board. They come as plain data: written out as elements, a page of fifty would be twice as large. The
 * server draws them, so they need no script.
 */
import { boardNumber, publishedNumber } from '#lib/board/decimals.ts';
import { day } from '#lib/format.ts';
import { CELL_TYPE_NAMES, CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { type PackedRows, type ShownColumn, type ShownRow, unpackRows } from './packed-rows.ts';

interface Props {
  rows: PackedRows;
  columns: readonly ShownColumn[];
  /** decimals of percentages */
  decimals: number;
  /** the column after which the dots stand, -1: no dots */
  dots: number;
  /** the number with the strongest tint, in per cent; null: no strip */
  strongest: number | null;
}

export function BoardRows({ rows, ...shown }: Props) {
  return unpackRows(rows).map((row) => <Row key={row.id} row={row} {...shown} />);
}

function Row({ row, columns, decimals, dots, strongest }: { row: ShownRow } & Omit<Props, 'rows'>) {
  const entry = row.rank !== undefined;
  return (
    <tr className={row.tier && 'tier'} data-series={row.series}>
      <td className="num rank" title={place(row)}>
        {row.rank ?? <span className="visually-hidden">not ranked</span>}
      </td>
      <th scope="row" className="method">
        <span className="name">
          {entry ? (
            <>
              <input type="checkbox" name="entries" value={row.id} aria-label={`Compare ${row.method}`} />
              <a href={`/entries/${row.id}`}>{row.method}</a>
            </>
          ) : (
            row.method
          )}
        </span>
        <Meta row={row} />
      </th>
      {columns.map(({ key, format, sorted }, i) => {
        const value = row.values[i];
        const interval = row.intervals?.[i];
        return [
          <td
            key={key}
            className={sorted ? 'num sorted' : 'num'}
            title={sorted && value !== '' ? String(value ?? 'nothing to average') : undefined}
          >
            {value === '' ? (
              <span className="visually-hidden">not published</span>
            ) : entry ? (
              boardNumber(value, format, decimals)
            ) : (
              publishedNumber(value, format)
            )}
            {interval ? <Range of={interval} decimals={decimals} /> : null}
          </td>,
          i === dots && (
            <td key="dot" className="dots">
              {row.dot && <Dot at={row.dot} hollow={!entry} />}
            </td>
          ),
        ];
      })}
      {strongest !== null && <td className="strips">{row.strip && <Strip of={row.strip} strongest={strongest} />}</td>}
      <td className="num runs" data-metric="runs">
        {row.runs ?? <span className="visually-hidden">not known</span>}
      </td>
    </tr>
  );
}

/** The rank in words, where it is a range. */
function place({ rank, place: own }: ShownRow): string | undefined {
  if (own === undefined || rank === undefined) return undefined;
  return `Rank ${own}; on other fields of view it could be ${rank.replace('–', ' to ')}`;
}

function Meta({ row }: { row: ShownRow }) {
  const { marks = [], submitter, version, date, paper, code, source, note } = row;
  const address = source?.split(' ')[0] ?? '';
  return (
    <span className="meta">
      {marks.map(([text, kind, title]) => (
        <span key={text} className="badge" data-kind={kind} title={title}>
          {text}
        </span>
      ))}
      {submitter && <span>{submitter}</span>}
      {version && <a href={`/methods/${version[0]}`}>{`Version ${version[1]}`}</a>}
      {marks.some(([, kind]) => kind === 'mine') && <a href={`/submit?from=${row.id}`}>Submit next version</a>}
      {date && <span>{day(new Date(date))}</span>}
      {paper && <SubmittersLink href={paper}>Paper</SubmittersLink>}
      {code && <SubmittersLink href={code}>Code</SubmittersLink>}
      {source && (/^https?:/.test(address) ? <a href={address}>Source</a> : <span>{source}</span>)}
      {note && (
        <a href={`#note-${note}`} aria-label={`Note ${note} on ${row.method}`}>
          Note {note}
        </a>
      )}
    </span>
  );
}

/** A link from a submitter, which the site does not vouch for. */
function SubmittersLink({ href, children }: { href: string; children: string }) {
  return (
    <a href={href} rel="nofollow ugc">
      {children}
    </a>
  );
}

function Range({ of: [low, high], decimals }: { of: readonly [number, number]; decimals: number }) {
  return <small className="interval">{`${(100 * low).toFixed(decimals)}–${(100 * high).toFixed(decimals)}`}</small>;
}

/** A number on the board's axis, with its interval; hollow if it was not scored here. */
function Dot({ at: [value, low, high], hollow }: { at: readonly number[]; hollow: boolean }) {
  return (
    <svg className="dot" aria-hidden="true">
      {low !== undefined && <rect x={`${low}%`} width={`${Math.round(10 * (high - low)) / 10}%`} />}
      <circle cx={`${value}%`} className={hollow ? 'hollow' : undefined} />
    </svg>
  );
}

/** A cell per cell type; its tint repeats numbers that are in the title and in columns of their own. */
function Strip({ of, strongest }: { of: readonly (number | null)[]; strongest: number }) {
  const tints = of.flatMap((value, i) =>
    value === null ? [] : [[`--t${i}`, `${Math.round(8 + (92 * value) / strongest)}%`]],
  );
  const said = CELL_TYPES.map((type, i) => `${CELL_TYPE_NAMES[type]} ${of[i] ?? '–'}`).join(', ');
  return <span className="strip" role="img" title={said} style={Object.fromEntries(tints)} />;
}
