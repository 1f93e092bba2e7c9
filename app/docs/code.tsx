import { TableFrame } from '#app/_components/table-frame.tsx';

/** Lines of code or of a terminal, in a frame that scrolls sideways. */
export function Code({ label, text }: { label: string; text: string }) {
  return (
    <TableFrame label={label}>
      <pre>
        <code>{text}</code>
      </pre>
    </TableFrame>
  );
}
