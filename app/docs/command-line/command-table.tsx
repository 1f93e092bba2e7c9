import { TableFrame } from '#app/_components/table-frame.tsx';
import type { DescribedCommand } from './commands.ts';

/** Commands with what they do and an example. */
export function CommandTable({ label, commands }: { label: string; commands: readonly DescribedCommand[] }) {
  return (
    <TableFrame label={`${label}, scrolls sideways`}>
      <table>
        <caption className="visually-hidden">{label}</caption>
        <thead>
          <tr>
            <th scope="col">Command</th>
            <th scope="col">What it does</th>
            <th scope="col">Example</th>
          </tr>
        </thead>
        <tbody>
          {commands.map(({ name, takes, help, example }) => (
            <tr key={name}>
              <th scope="row">
                <code>
                  {name} {takes}
                </code>
              </th>
              <td>{help}</td>
              <td>
                <code>{example}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
}
