'use client';

import { useEffect, useId, useRef, useState } from 'react';
import type { CheckCode } from '#lib/checks/checks.ts';
import { bytes, percent } from '#lib/format.ts';
import type { Problem } from '#lib/problems.ts';
import { LOOK_BYTES, lookAtOnce } from '#lib/readers/at-once.ts';
import { type Purpose, sniff } from '#lib/readers/kinds.ts';
import { LIMITS, LIMITS_IN_WORDS } from '#lib/readers/limits.ts';
import { HelpLink } from './help-link.tsx';
import {
  arrived,
  discard,
  fingerprintOf,
  forget,
  type Remembered,
  type Running,
  recall,
  send,
  uploadId,
} from './uploader.ts';
import './upload.css';

type State =
  | { phase: 'empty' }
  | { phase: 'checking'; name: string }
  | { phase: 'remembered'; upload: Remembered; sent: number }
  | { phase: 'uploading' | 'waiting' | 'paused'; name: string; size: number; sent: number; message?: string }
  | { phase: 'done'; upload: Remembered };

interface Props {
  /** name of the form field that gets the upload's id */
  name: string;
  error?: string;
  /** label of the file, if a form has several */
  label?: string;
  /** key under which the upload is remembered, if a form has several */
  slot?: string;
  /** hint about the file; false: the form gives it elsewhere */
  hint?: string | false;
  /** task of the file, so that the server refuses at once what the task does not accept */
  task?: string;
  /** how the file will be read, which decides what counts as a valid file */
  purpose?: Purpose;
  /** the task's limit */
  maxBytes?: number;
  onDone?: () => void;
  /** a file that was chosen elsewhere; a new object each time */
  offered?: { file: File } | null;
  /** reports whether the field has a file that arrived whole */
  onFilled?: (filled: boolean, slot: string) => void;
  /** reports whether an upload is under way, so that the form can wait for it */
  onBusy?: (busy: boolean, name: string) => void;
}

const HINT =
  'COCO results (JSON), plain, gzipped or zipped, or a zip of label images (PNG, TIFF) or NumPy arrays. The upload can be paused, and goes on after a broken connection.';

/** Upload one file: check it in the browser, send it in pieces, and resume after a pause or a reload. */
export function UploadField({
  name,
  error,
  label = 'Predictions file',
  slot = '',
  hint = HINT,
  task,
  purpose = 'any',
  maxBytes = LIMITS.bytes,
  onDone,
  onBusy,
  offered,
  onFilled,
}: Props) {
  const id = useId();
  const [state, setState] = useState<State>({ phase: 'empty' });
  const [refusal, setRefusal] = useState<string>();
  /** for a file of the wrong kind */
  const [refusedFor, setRefusedFor] = useState<CheckCode>();
  /** something odd about the file that is being sent */
  const [remark, setRemark] = useState<string>();
  const [over, setOver] = useState(false);
  const running = useRef<Running>(null);
  const input = useRef<HTMLInputElement>(null);
  const pace = usePace(state);
  const busy = state.phase === 'uploading' || state.phase === 'waiting' || state.phase === 'checking';

  // an upload that began before the page was reloaded
  useEffect(() => {
    const upload = recall(slot);
    if (!upload) return;
    let gone = false;
    arrived(upload).then(
      (sent) => {
        if (gone || running.current) return;
        if (sent === null) forget(slot);
        else if (sent === upload.size) setState({ phase: 'done', upload });
        else setState({ phase: 'remembered', upload, sent });
      },
      () => undefined, // offline: choosing the file again will find out
    );
    return () => {
      gone = true;
    };
  }, [slot]);

  useEffect(() => {
    onBusy?.(busy, name);
  }, [busy, onBusy, name]);
  const filled = state.phase === 'done';
  useEffect(() => {
    onFilled?.(filled, slot);
  }, [filled, onFilled, slot]);

  const takeLatest = useRef(take);
  takeLatest.current = take;
  useEffect(() => {
    if (offered) void takeLatest.current(offered.file);
  }, [offered]);

  // leaving the page now loses no bytes, but the person has to choose the file again
  useEffect(() => {
    if (!busy) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, [busy]);

  useEffect(() => {
    if (state.phase !== 'paused' || !state.message) return;
    const goOn = () => resume();
    window.addEventListener('online', goOn);
    return () => window.removeEventListener('online', goOn);
  });

  useEffect(() => () => void running.current?.pause(), []);

  async function take(file: File | undefined) {
    if (!file) return;
    setRefusal(undefined);
    setRefusedFor(undefined);
    setRemark(undefined);
    const before = state;
    if (file.size > maxBytes) {
      setRefusal(
        `${file.name} has ${bytes(file.size)}; at most ${bytes(maxBytes)} are accepted. Gzip it, or leave out detections with very low scores.`,
      );
      return;
    }
    setState({ phase: 'checking', name: file.name });
    try {
      const { problem, remark } = await examine(file, purpose);
      setRemark(remark);
      if (problem) {
        setRefusal(`${file.name}: ${problem.message}`);
        setRefusedFor(problem.code);
        setState(before);
        if (input.current) input.current.value = ''; // so that the same file, mended, can be chosen again
        return;
      }
      const fingerprint = await fingerprintOf(file);
      const known = recall(slot);
      const same = known?.fingerprint === fingerprint;
      if (known && !same) await discard(known, slot);
      begin(file, fingerprint, same ? known : null);
    } catch {
      setRefusal(`${file.name} cannot be read. Was it moved, or is it still being written?`);
      setState(before);
    }
  }

  function begin(file: File, fingerprint: string, known: Remembered | null) {
    const now = (phase: 'uploading' | 'waiting' | 'paused', message?: string) =>
      setState((last) => ({
        phase,
        name: file.name,
        size: file.size,
        sent: 'sent' in last ? last.sent : 0,
        message,
      }));
    now('uploading');
    running.current = send(
      file,
      { fingerprint, known, slot, task, purpose },
      {
        progress: (sent) =>
          // progress events may still arrive after “pause” was pressed
          setState((last) =>
            last.phase === 'paused' || last.phase === 'done'
              ? last
              : { phase: 'uploading', name: file.name, size: file.size, sent },
          ),
        waiting: () => now('waiting'),
        done: (upload) => {
          setState({ phase: 'done', upload });
          onDone?.();
        },
        failed: (message, final) => {
          if (!final) return now('paused', message);
          setRefusal(`${file.name}: ${message}`);
          clear();
        },
      },
    );
  }

  function clear() {
    running.current = null;
    if (input.current) input.current.value = '';
    setState({ phase: 'empty' });
  }

  async function pause() {
    setState((last) => ('sent' in last && 'name' in last ? { ...last, phase: 'paused', message: undefined } : last));
    await running.current?.pause();
  }

  function resume() {
    setState((last) => (last.phase === 'paused' ? { ...last, phase: 'uploading', message: undefined } : last));
    running.current?.resume();
  }

  async function remove() {
    const upload = 'upload' in state ? state.upload : null;
    const sending = running.current;
    setRefusal(undefined);
    setRefusedFor(undefined);
    setRemark(undefined);
    clear();
    if (sending) await sending.discard();
    else if (upload) await discard(upload, slot);
  }

  const fraction =
    'size' in state ? state.sent / state.size : state.phase === 'remembered' ? state.sent / state.upload.size : 0;
  const canChoose = state.phase === 'empty' || state.phase === 'remembered';
  const complaint = refusal ?? (state.phase === 'empty' ? error : undefined);

  return (
    <div className="field upload">
      <label htmlFor={`${id}file`}>{label}</label>
      {hint && (
        <p className="hint" id={`${id}limits`}>
          {hint}
        </p>
      )}
      {hint === HINT && (
        <details className="hint">
          <summary>Limits</summary>
          <ul>
            {LIMITS_IN_WORDS.map((limit) => (
              <li key={limit}>{limit}</li>
            ))}
          </ul>
        </details>
      )}

      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is a shortcut; the file input inside does the same */}
      <div
        className="drop"
        data-over={over || undefined}
        hidden={!canChoose}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          take(event.dataTransfer.files[0]);
        }}
      >
        {state.phase === 'remembered' && (
          <p>
            An unfinished upload of <strong>{state.upload.name}</strong> ({percent(fraction, 0)} % of{' '}
            {bytes(state.upload.size)}) – choose the same file to go on.
          </p>
        )}
        <input
          ref={input}
          id={`${id}file`}
          type="file"
          accept=".json,.gz,.zip,.csv,application/json,application/gzip,application/zip,text/csv"
          aria-describedby={hint ? `${id}limits ${id}error` : `${id}error`}
          aria-invalid={complaint ? true : undefined}
          onChange={(event) => take(event.target.files?.[0])}
        />
        <p className="hint">or drop a file here</p>
      </div>

      {state.phase === 'checking' && <p>Looking at {state.name} …</p>}

      {'size' in state && (
        <div className="upload-progress">
          <p>
            <strong>{state.name}</strong>
          </p>
          <progress value={state.sent} max={state.size} aria-label={`Upload of ${state.name}`}>
            {percent(fraction, 0)} %
          </progress>
          <p className="num">
            {percent(fraction, 0)} % · {bytes(state.sent)} of {bytes(state.size)}
            {state.phase === 'uploading' && pace && (
              <>
                {' '}
                · {bytes(pace.rate)}/s · {timeLeft((state.size - state.sent) / pace.rate)} left
              </>
            )}
            {state.phase === 'paused' && ' · paused'}
            {state.phase === 'waiting' && ' · connection lost, trying again'}
          </p>
          {state.message && (
            <p className="alert" data-kind="warn">
              {state.message}
            </p>
          )}
          {state.phase === 'uploading' && state.sent === state.size && <p className="hint">Checking what arrived …</p>}
        </div>
      )}

      {state.phase === 'done' && (
        <p>
          <span className="badge" data-kind="good">
            uploaded
          </span>{' '}
          <strong>{state.upload.name}</strong>, {bytes(state.upload.size)}, arrived whole.
          <input type="hidden" name={name} value={uploadId(state.upload)} />
        </p>
      )}

      {state.phase !== 'empty' && state.phase !== 'checking' && (
        <div className="cluster">
          {(state.phase === 'uploading' || state.phase === 'waiting') && (
            <button type="button" className="button-small" onClick={pause}>
              Pause upload
            </button>
          )}
          {state.phase === 'paused' && (
            <button type="button" className="button-small button-primary" onClick={resume}>
              Resume upload
            </button>
          )}
          <button type="button" className="button-small button-quiet" onClick={remove}>
            {state.phase === 'done' ? 'Choose another file' : 'Discard upload'}
          </button>
        </div>
      )}

      {remark && (
        <p className="alert" data-kind="warn" role="status">
          {remark}
        </p>
      )}
      <p className="error" id={`${id}error`} role={complaint ? 'alert' : undefined}>
        {complaint} {refusal && refusedFor && <HelpLink code={refusedFor} />}
      </p>
      <p className="visually-hidden" role="status">
        {announcement(state, fraction)}
      </p>
    </div>
  );
}

/** Look at the ends of a file before any of it is sent. */
async function examine(file: File, purpose: Purpose): Promise<{ problem?: Problem; remark?: string }> {
  const start = new Uint8Array(await file.slice(0, LOOK_BYTES).arrayBuffer());
  const { problem } = await sniff(start.subarray(0, 64 * 1024), purpose);
  if (problem || purpose === 'ground-truth') return { problem };
  const end = new Uint8Array(await file.slice(Math.max(LOOK_BYTES, file.size - LOOK_BYTES)).arrayBuffer());
  return lookAtOnce(start, end);
}

/** Progress for screen readers: announced at every quarter, not at every kilobyte. */
function announcement(state: State, fraction: number): string {
  switch (state.phase) {
    case 'empty':
      return '';
    case 'checking':
      return `Looking at ${state.name}`;
    case 'remembered':
      return `An unfinished upload of ${state.upload.name}: choose the same file to go on.`;
    case 'uploading':
      return fraction < 0.25 ? `Uploading ${state.name}` : `${Math.floor(fraction * 4) * 25} per cent uploaded`;
    case 'waiting':
      return 'Connection lost, trying again';
    case 'paused':
      return 'Upload paused';
    case 'done':
      return `${state.upload.name} is uploaded.`;
  }
}

/** Bytes per second over the last few seconds. */
function usePace(state: State): { rate: number } | null {
  const samples = useRef<{ at: number; sent: number }[]>([]);
  if (state.phase !== 'uploading') {
    samples.current = [];
    return null;
  }
  const now = Date.now();
  const last = samples.current.at(-1);
  if (!last || (last.sent !== state.sent && now - last.at > 100)) samples.current.push({ at: now, sent: state.sent });
  while (samples.current.length > 2 && now - samples.current[0].at > 5000) samples.current.shift();
  const [first] = samples.current;
  const latest = samples.current.at(-1)!;
  const rate = ((latest.sent - first.sent) / (latest.at - first.at)) * 1000;
  return Number.isFinite(rate) && rate > 0 ? { rate } : null;
}

function timeLeft(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.ceil(seconds))} s`;
  if (seconds < 3600) return `${Math.ceil(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}
