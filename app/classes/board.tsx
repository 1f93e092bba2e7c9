import { TableFrame } from '#app/_components/table-frame.tsx';
import { type ClassDetail, classBoard, isFrozen } from '#db/people/classes.ts';
import { integer, moment } from '#lib/format.ts';
import './classes.css';

/** The board of a class: a row per member, or per team. */
export async function ClassBoard({ of }: { of: ClassDetail }) {
  const { measure, rows, hidden } = await classBoard(of);
  const moved = rows.some((row) => row.moved !== null);
  return (
    <>
      {isFrozen(of) && (
        <p className="alert">
          Scores of what was sent after {moment(of.frozenAt!)} are hidden until the reveal: {integer(hidden)} so far.
        </p>
      )}
      {of.revealedAt && <p className="alert">Revealed on {moment(of.revealedAt)}.</p>}
      {rows.length === 0 ? (
        <p>Nobody has joined yet.</p>
      ) : (
        <TableFrame label="Board of the class, scrolls sideways">
          <table className="class-board">
            <caption className="visually-hidden">Board of the class</caption>
            <thead>
              <tr>
                <th scope="col" className="num">
                  Rank
                </th>
                {moved && <th scope="col">Moved</th>}
                <th scope="col">Name</th>
                <th scope="col" className="num">
                  {measure}
                </th>
                <th scope="col" className="num">
                  Scored runs
                </th>
                <th scope="col">Best sent</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ name, rank, score, runs, at, moved: by }, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: two members may share a name
                <tr key={i}>
                  <td className="num">{rank ?? '–'}</td>
                  {moved && <td>{by === null ? '' : by > 0 ? `▲ ${by} up` : `▼ ${-by} down`}</td>}
                  <th scope="row">{name}</th>
                  <td className="num">{score}</td>
                  <td className="num">{runs}</td>
                  <td>{at ? moment(at) : '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableFrame>
      )}
    </>
  );
}
