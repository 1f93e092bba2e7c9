/** How far an entry can be trusted: three levels. A maintainer's re-run outranks a link, with or without one. */
export const LEVELS = ['scored', 'code', 'verified'] as const;
export type Level = (typeof LEVELS)[number];

/** As worded on the board and the entry page. */
export const LEVEL_WORDS: Readonly<Record<Level, { name: string; text: string }>> = {
  scored: { name: 'Scored here', text: 'The submitted predictions were scored here; how they were made is not known.' },
  code: { name: 'Code linked', text: 'The submitter links the code that made the predictions.' },
  verified: { name: 'Re-run', text: 'A maintainer ran the method and got these numbers.' },
};

/** The facts that determine the level. */
export interface Verifiable {
  readonly codeUrl: string | null;
  readonly verifiedAt: Date | string | null;
}

export function levelOf({ codeUrl, verifiedAt }: Verifiable): Level {
  return verifiedAt !== null ? 'verified' : codeUrl ? 'code' : 'scored';
}

/** Tell whether a board filtered by `wanted` shows a row of this level; null shows everything. */
export function hasLevel({ level }: { level: Level | null }, wanted: Level | null): boolean {
  return wanted === null || (level !== null && LEVELS.indexOf(level) >= LEVELS.indexOf(wanted));
}

export function parseLevel(text: string | undefined): Level | null {
  return LEVELS.find((level) => level === text) ?? null;
}
