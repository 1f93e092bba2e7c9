'use client';

import { useId, useState } from 'react';
import { type Assignment, assignByName } from '#lib/tasks/assign.ts';

interface Props {
  slots: readonly { id: string; label: string }[];
  /** number of slots that must be filled */
  least: number;
  /** ids of the slots whose files are uploaded, or `all` for an archive */
  filled: readonly string[];
  /** takes the files that were assigned: by slot, or as the archive */
  onFiles(files: ReadonlyMap<string, File>): void;
}

/** One place for all files of a task: each goes to the slot that its name says, and what is missing is listed. */
export function DropZone({ slots, least, filled, onFiles }: Props) {
  const id = useId();
  const [over, setOver] = useState(false);
  const [problems, setProblems] = useState<readonly string[]>([]);
  const names = slots.map((slot) => slot.id);

  function take(list: FileList | null) {
    const files = [...(list ?? [])];
    if (files.length === 0) return;
    const found = assignByName(
      files.map((file) => file.name),
      names,
    );
    setProblems(found.problems);
    onFiles(filesOf(found, files));
  }

  return (
    <div className="field">
      <label htmlFor={`${id}files`}>All files at once</label>
      <p className="hint" id={`${id}hint`}>
        Each goes to the field that its name says, such as {names[0]}.json.gz; or one .zip with all of them.
      </p>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is a shortcut; the file input inside does the same */}
      <div
        className="drop"
        data-over={over || undefined}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          take(event.dataTransfer.files);
        }}
      >
        <input
          id={`${id}files`}
          type="file"
          multiple
          accept=".json,.gz,.zip,.csv,.npz,application/json,application/gzip,application/zip,text/csv"
          aria-describedby={`${id}hint ${id}state`}
          onChange={(event) => {
            take(event.target.files);
            event.target.value = ''; // so that the same files can be chosen again
          }}
        />
        <p className="hint">or drop the files here</p>
      </div>
      {problems.map((problem) => (
        <p key={problem} className="error" role="alert">
          {problem}
        </p>
      ))}
      <p className="hint" id={`${id}state`} role="status">
        {stateInWords(names, filled, least)}
      </p>
    </div>
  );
}

function filesOf({ slots, archive }: Assignment, files: readonly File[]): Map<string, File> {
  if (archive !== null) return new Map([['all', files[archive]]]);
  return new Map([...slots].map(([slot, index]) => [slot, files[index]]));
}

/** Say what is there and what is missing. */
function stateInWords(slots: readonly string[], filled: readonly string[], least: number): string {
  if (filled.includes('all')) return 'An archive with all files is there.';
  const missing = slots.filter((slot) => !filled.includes(slot));
  const there = slots.length - missing.length;
  if (there === 0) return `Needed: ${least === slots.length ? 'all' : `${least} or more`} of ${slots.join(', ')}.`;
  if (missing.length === 0) return `All ${slots.length} files are there.`;
  const needed = there < least ? `at least ${least - there} more needed` : 'enough to submit';
  return `${there} of ${slots.length} files are there, ${needed}. Missing: ${missing.join(', ')}.`;
}
