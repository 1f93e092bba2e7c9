'use client';

import dynamic from 'next/dynamic';
import Link from 'next/link';
import { useEffect, useId, useRef, useState } from 'react';
import { HelpLink } from '#app/_components/help-link.tsx';
import { bytes, integer, percent } from '#lib/format.ts';
import type { Report } from '#lib/tasks/report.ts';
import { Found } from './found.tsx';

import type { Drawing, FoundInFile, ListedImage, WorkerAnswer, WorkerRequest } from './worker.ts';
import '#app/_components/upload.css';
import './check.css';

/** The viewer comes with the first file, tables and charts of a score with the first score. */
const Overlays = dynamic(() => import('./overlays.tsx').then((module) => module.Overlays), { ssr: false });
const ScoredHere = dynamic(() => import('./scored-here.tsx').then((module) => module.ScoredHere));

export interface CheckTask {
  id: string;
  name: string;
  /** cells have outlines, so that masks can be drawn and scored; otherwise files hold counts */
  outlines: boolean;
  takesThreshold: boolean;
  /** empty where the slots are data sets */
  slots: readonly { id: string; label: string }[];
  datasets: readonly { name: string; label: string; public: boolean }[];
}

type State =
  | { phase: 'empty' }
  | { phase: 'reading'; name: string; size: number; fraction: number }
  | { phase: 'checked'; name: string; size: number; found: FoundInFile; seconds: number }
  | { phase: 'failed'; message: string };

/** Check a chosen file in a worker, and show what was found. */
export function Check({ tasks }: { tasks: readonly CheckTask[] }) {
  const id = useId();
  const [taskId, setTaskId] = useState(tasks[0].id);
  const [datasetName, setDatasetName] = useState<string>();
  const [slotId, setSlotId] = useState<string>();
  const [anyCategory, setAnyCategory] = useState(false);
  const [threshold, setThreshold] = useState('0.5');
  const [state, setState] = useState<State>({ phase: 'empty' });
  const [images, setImages] = useState<readonly ListedImage[]>([]);
  const [drawing, setDrawing] = useState<Drawing | null>(null);
  const [pictures, setPictures] = useState<ReadonlyMap<number, ImageBitmap>>(new Map());
  const [pictureProblem, setPictureProblem] = useState<string | null>(null);
  const [report, setReport] = useState<Report | null>(null);
  const [scoring, setScoring] = useState<'idle' | 'scoring' | string>('idle');
  const [over, setOver] = useState(false);
  const worker = useRef<Worker | null>(null);
  const chosen = useRef<File | null>(null);
  const input = useRef<HTMLInputElement>(null);

  const task = tasks.find(({ id }) => id === taskId) ?? tasks[0];
  const dataset = task.datasets.find(({ name }) => name === datasetName) ?? task.datasets[0];
  const slot = task.slots.find(({ id }) => id === slotId) ?? task.slots[0];

  useEffect(() => () => worker.current?.terminate(), []);

  function ask(request: WorkerRequest, transfer: Transferable[] = []): void {
    worker.current?.postMessage(request, transfer);
  }

  /** A new worker for each file: an earlier one may still be reading, and is stopped. */
  function start(): Worker {
    worker.current?.terminate();
    const fresh = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    fresh.addEventListener('message', ({ data }: MessageEvent<WorkerAnswer>) => receive(data));
    fresh.addEventListener('error', ({ message }) =>
      setState({ phase: 'failed', message: message || 'the browser stopped reading the file' }),
    );
    worker.current = fresh;
    return fresh;
  }

  function receive(message: WorkerAnswer): void {
    switch (message.kind) {
      case 'progress':
        setState((now) => (now.phase === 'reading' ? { ...now, fraction: message.fraction } : now));
        break;
      case 'checked': {
        const { found, seconds } = message;
        setState((now) => {
          const { name, size } = now.phase === 'reading' ? now : { name: '', size: 0 };
          return { phase: 'checked', name, size, found, seconds };
        });
        const first = found.drawable?.worth[0];
        if (first) ask({ kind: 'draw', image: first.image });
        break;
      }
      case 'drawn':
        setDrawing(message);
        break;
      case 'pictured': {
        const { image, picture } = message;
        setPictures((now) => new Map(now).set(image, picture));
        ask({ kind: 'draw', image });
        break;
      }
      case 'not-pictured':
        setPictureProblem(message.message);
        break;
      case 'scored':
        setReport(message.report);
        setScoring('idle');
        break;
      case 'failed':
        setScoring('idle');
        setState({ phase: 'failed', message: message.message });
    }
  }

  async function check(file: File | null): Promise<void> {
    if (!file) return;
    chosen.current = file;
    worker.current?.terminate(); // what it says of an earlier file would be taken for this one
    setDrawing(null);
    setPictures(new Map());
    setPictureProblem(null);
    setReport(null);
    setState({ phase: 'reading', name: file.name, size: file.size, fraction: 0 });
    try {
      const listed = await listImages(dataset.name);
      const ofSeries = task.outlines ? listed : listed.filter(({ cellType }) => cellType === slot?.id);
      setImages(listed);
      start();
      ask({
        kind: 'check',
        file,
        task: task.id,
        slot: slot?.id ?? dataset.name,
        // of counts only the names are known
        images: ofSeries.map((image) => ({ width: 1, height: 1, ...image })),
        anyCategory,
        ...(task.takesThreshold && { scoreThreshold: Number(threshold) }),
      });
    } catch (error) {
      setState({ phase: 'failed', message: (error as Error).message });
    }
  }

  async function score(): Promise<void> {
    setScoring('scoring');
    try {
      const response = await fetch(`/api/v1/datasets/${encodeURIComponent(dataset.name)}/ground-truth?format=packed`);
      if (!response.ok) throw new Error(`the site answered with status ${response.status}`);
      const truth = await response.arrayBuffer();
      ask({ kind: 'score', truth }, [truth]);
    } catch (error) {
      setScoring(`The ground truth could not be fetched: ${(error as Error).message}. Try again in a moment.`);
    }
  }

  const again = () => void check(chosen.current);
  const { phase } = state;
  return (
    <div className="file-check">
      <div className="check-choices">
        <p className="field">
          <label htmlFor={`${id}task`}>Task</label>
          <select
            id={`${id}task`}
            value={task.id}
            onChange={(event) => {
              setTaskId(event.target.value);
              setDatasetName(undefined);
              setSlotId(undefined);
            }}
          >
            {tasks.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </p>
        <p className="field">
          <label htmlFor={`${id}dataset`}>Data set</label>
          <select id={`${id}dataset`} value={dataset.name} onChange={(event) => setDatasetName(event.target.value)}>
            {task.datasets.map(({ name, label }) => (
              <option key={name} value={name}>
                {label}
              </option>
            ))}
          </select>
        </p>
        {task.slots.length > 1 && (
          <p className="field">
            <label htmlFor={`${id}slot`}>File for</label>
            <select id={`${id}slot`} value={slot?.id} onChange={(event) => setSlotId(event.target.value)}>
              {task.slots.map(({ id, label }) => (
                <option key={id} value={id}>
                  {label}
                </option>
              ))}
            </select>
          </p>
        )}
        {task.takesThreshold && (
          <p className="field">
            <label htmlFor={`${id}threshold`}>Count detections from this score</label>
            <input
              id={`${id}threshold`}
              inputMode="decimal"
              value={threshold}
              onChange={(event) => setThreshold(event.target.value)}
            />
          </p>
        )}
      </div>
      {task.outlines && (
        <label className="check">
          <input type="checkbox" checked={anyCategory} onChange={(event) => setAnyCategory(event.target.checked)} />
          <span>Count detections of every category as cells</span>
        </label>
      )}
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
          void check(event.dataTransfer.files[0] ?? null);
        }}
      >
        <p>
          <label htmlFor={`${id}file`}>File of predictions</label>
        </p>
        <input
          ref={input}
          id={`${id}file`}
          type="file"
          onChange={(event) => void check(event.target.files?.[0] ?? null)}
        />
        <p className="hint">or drop a file here. It stays on your computer.</p>
      </div>

      <div aria-live="polite" className="check-status">
        {phase === 'reading' && (
          <>
            <p>
              Reading {state.name} ({bytes(state.size)}): {percent(state.fraction, 0)} %
            </p>
            <progress max={1} value={state.fraction} aria-label="Read" />
          </>
        )}
        {phase === 'failed' && (
          <p className="alert" data-kind="bad">
            The file could not be checked: {state.message}.{' '}
            <button type="button" className="quiet" onClick={again}>
              Try again
            </button>
          </p>
        )}
        {phase === 'checked' && <Verdict {...state} counted={task.outlines ? 'detections' : 'cells'} />}
      </div>

      {phase === 'checked' && (
        <>
          <Findings found={state.found} />
          {state.found.described && <Found described={state.found.described} />}
          {state.found.drawable && (
            <Overlays
              drawable={state.found.drawable}
              images={images}
              drawing={drawing}
              pictures={pictures}
              problem={pictureProblem}
              onDraw={(image) => ask({ kind: 'draw', image })}
              onPictures={(files, image) => {
                setPictureProblem(null);
                for (const file of files) ask({ kind: 'picture', file, image });
              }}
            />
          )}
          {state.found.problems.length === 0 && (
            <section className="section">
              <h2>Score it here</h2>
              {!task.outlines || !dataset.public ? (
                <p>
                  The ground truth of this data set is not public, so only the site can score the file:{' '}
                  <Link href={`/submit?task=${task.id}`}>submit it</Link>.
                </p>
              ) : (
                <>
                  <p>
                    The ground truth of this data set is public. Your browser fetches it and computes the same numbers
                    as the site, under the protocol of the paper.
                  </p>
                  <p className="actions">
                    <button type="button" className="button" disabled={scoring === 'scoring'} onClick={score}>
                      {scoring === 'scoring' ? 'Scoring …' : 'Score in this browser'}
                    </button>
                    <Link href={`/submit?task=${task.id}`}>Submit it to the site</Link>
                  </p>
                  {scoring !== 'idle' && scoring !== 'scoring' && (
                    <p className="alert" data-kind="bad" role="alert">
                      {scoring}
                    </p>
                  )}
                  {report && <ScoredHere report={report} />}
                </>
              )}
            </section>
          )}
        </>
      )}
    </div>
  );
}

async function listImages(dataset: string): Promise<ListedImage[]> {
  // browsers may show an old answer for half a minute; a file is checked against the list of now
  const address = `/api/v1/datasets/${encodeURIComponent(dataset)}/images`;
  const response = await fetch(address, { cache: 'no-cache' });
  if (!response.ok) throw new Error(`the list of images could not be fetched (status ${response.status})`);
  return ((await response.json()) as { images: ListedImage[] }).images;
}

function Verdict({
  name,
  found: { problems, warnings, detections, images, format },
  seconds,
  counted,
}: Extract<State, { phase: 'checked' }> & { counted: string }) {
  if (problems.length > 0) {
    return (
      <p className="alert" data-kind="bad">
        <strong>{name} would be refused.</strong> What is wrong, and how to mend it, stands below.
      </p>
    );
  }
  return (
    <p className="alert" data-kind={warnings.length > 0 ? 'warn' : 'good'}>
      <strong>
        {name} {warnings.length > 0 ? 'can be scored, but look at the warnings' : 'has no problems'}.
      </strong>{' '}
      {integer(detections)} {counted} on {integer(images)} images ({FORMATS[format] ?? format}), read in{' '}
      {seconds.toFixed(1)} s.
    </p>
  );
}

const FORMATS: Readonly<Record<string, string>> = {
  'coco-json': 'COCO results',
  'label-images': 'label images',
  'counts-json': 'counts as JSON',
  'counts-csv': 'counts as CSV',
};

function Findings({ found: { problems, warnings } }: { found: FoundInFile }) {
  return (
    <>
      {problems.length > 0 && (
        <section className="section">
          <h2>Problems</h2>
          <ul className="findings">
            {problems.map(({ code, message, record }) => (
              <li key={`${code}-${record ?? ''}-${message}`}>
                {message} <HelpLink code={code} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {warnings.length > 0 && (
        <section className="section">
          <h2>Warnings</h2>
          <ul className="findings">
            {warnings.map(({ code, message, count, examples }) => (
              <li key={`${code}-${message}`}>
                {message} {count !== undefined && count > 1 && <>({integer(count)} times) </>}
                <HelpLink code={code} />
                {examples && examples.length > 0 && (
                  <span className="hint">For example: {examples.slice(0, 3).join(', ')}</span>
                )}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
