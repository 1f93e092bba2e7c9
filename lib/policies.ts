/**
 * The operator's pages: privacy, terms, moderation, how long files are kept, and how to report a security problem. An
 * operator replaces a text by a file of the same name (`docs/operations.md`); until then the site shows these, which say
 * what the software does and claim nothing else.
 *
 * The texts are a small part of Markdown: `## headings`, `- lists`, paragraphs, and `[words](address)`.
 */

export const POLICIES = {
  privacy: 'Privacy',
  terms: 'Terms of use',
  moderation: 'Moderation',
  retention: 'How long things are kept',
  security: 'Report a security problem',
} as const;
export type Policy = keyof typeof POLICIES;

export function parsePolicy(name: string): Policy | null {
  return Object.hasOwn(POLICIES, name) ? (name as Policy) : null;
}

/** What a page's description says to search engines. */
export const POLICY_SUMMARIES: Readonly<Record<Policy, string>> = {
  privacy: 'Which personal data this site keeps, who sees them, and what remains after an account is deleted.',
  terms: 'What may be submitted to this site, and what happens to it.',
  moderation: 'What maintainers decide about entries and accounts, by which rules, and how to object.',
  retention: 'How long this site keeps uploads, files of submissions, letters and the log.',
  security: 'How to report a security problem of this site.',
};

export interface PolicyFacts {
  /** who runs the site; null: not stated */
  operator: string | null;
  /** address for questions, as a link; null: not stated */
  contact: string | null;
  securityContact: string | null;
  idleDays: number;
  maintainerIdleDays: number;
}

/** A part of a line: words, or a link. */
export interface Run {
  text: string;
  href?: string;
}
export type Block = { kind: 'heading' | 'paragraph'; runs: Run[] } | { kind: 'list'; items: Run[][] };

/** Addresses that a text may link to: this site's own paths, web addresses and e-mail. */
const SAFE_ADDRESS = /^(\/(?![/\\])|https?:\/\/|mailto:)\S+$/;

function runsOf(line: string): Run[] {
  const runs: Run[] = [];
  let from = 0;
  for (const found of line.matchAll(/\[([^\]]+)\]\(([^()\s]+)\)/g)) {
    if (!SAFE_ADDRESS.test(found[2])) continue;
    if (found.index > from) runs.push({ text: line.slice(from, found.index) });
    runs.push({ text: found[1], href: found[2] });
    from = found.index + found[0].length;
  }
  if (from < line.length) runs.push({ text: line.slice(from) });
  return runs;
}

/** Read a text. Anything that is not understood stays as it is written. */
export function parseText(text: string): Block[] {
  const blocks: Block[] = [];
  for (const part of text.replace(/\r\n?/g, '\n').split(/\n\s*\n/)) {
    const lines = part.split('\n').map((line) => line.trim());
    const words = lines.filter(Boolean);
    if (words.length === 0) continue;
    if (words.every((line) => line.startsWith('- ')))
      blocks.push({ kind: 'list', items: words.map((line) => runsOf(line.slice(2))) });
    else if (words.length === 1 && /^#{1,3} /.test(words[0]))
      blocks.push({ kind: 'heading', runs: runsOf(words[0].replace(/^#+ /, '')) });
    else blocks.push({ kind: 'paragraph', runs: runsOf(words.join(' ')) });
  }
  return blocks;
}

/** What the site says where its operator has written nothing. */
export function defaultText(policy: Policy, facts: PolicyFacts): string {
  return TEXTS[policy](facts);
}

const whoRuns = ({ operator }: PolicyFacts) =>
  operator ? `This site is run by ${operator}.` : 'The operator of this site has not stated a name here.';
const whomToAsk = ({ contact }: PolicyFacts, about: string) =>
  contact
    ? `${about}: [${contact.replace(/^mailto:/, '')}](${contact}).`
    : `${about}: the operator has not stated an address here.`;
const days = (number: number) => `${number} day${number === 1 ? '' : 's'}`;

const TEXTS: Readonly<Record<Policy, (facts: PolicyFacts) => string>> = {
  privacy: (facts) => `
${whoRuns(facts)} ${whomToAsk(facts, 'Questions about your data')} What follows is what the software does. Its operator has added nothing to it.

## What is kept about you

- From the service you sign in with: your name, your verified e-mail address, and an identifier at that service. From ORCID: your iD.
- What you enter: affiliation, methods, descriptions, teams, classes and your name in them, submissions and their files.
- For each sign-in: browser and operating system, and the network of your address (for IPv4 its first three numbers), never the whole address.
- What you and maintainers did with entries, with times, in a log that nobody can change.
- How much of your quota is used. Limits on requests are counted under a keyed digest of your account or address, for an hour at most.

The log of the program has no names, e-mail addresses or network addresses. There are no advertisements, no analytics, and nothing is loaded from other sites. Cookies: one for the session, one for the colours you chose, and short-lived ones during sign-in.

## Who sees it

- Everybody: published entries with the names you gave them, your name and affiliation beside them, your ORCID iD if you signed in with it. An anonymous entry shows none of this until it is revealed. Predicted cells and files of predictions only where their owner has agreed.
- Members of your team: what belongs to the team.
- Maintainers: all submissions and accounts, e-mail addresses included.
- The operator: the database and the files.

E-mail notices go through the operator’s mail server. Nothing is given to anybody else by the software.

## What you can do

- Get a copy of everything: [your account](/account), “Download my data”. Suspended people can, too.
- Correct it: the same page.
- End single sessions. Sessions that are not used end after ${days(facts.idleDays)}, those of maintainers after ${days(facts.maintainerIdleDays)}.
- Delete files of a submission, withdraw a submission, or delete the account.

## What remains after an account is deleted

Profile, sign-ins, sessions, tokens, notices, unsent letters, uploads, and every submission that never was public are deleted at once, with their files. What remains:

- Published entries: as you choose, under a name of your choice, or as a line that says that an entry was withdrawn because its account was deleted, with the method’s name.
- Entries of a team with other members: they belong to the team.
- The log of decisions: an account’s number in place of its name, and the names of methods, teams and API tokens as they were then, for as long as the site exists. Reasons that maintainers wrote stay as they wrote them.
- The quota’s ledger: the account’s number, tasks and times.
- For a year, a keyed digest of each sign-in, with a suspension if there was one, so that deleting an account gives no fresh places. It identifies nobody without the site’s secret.
- Backups, until the operator’s newer ones replace them.

[How long everything else is kept](/docs/retention)`,

  terms: (facts) => `
${whoRuns(facts)} The operator has not set terms of use of their own. These are the rules that the software enforces or relies on.

- Submit predictions that you may share with the operator, and nothing that contains personal or clinical data. Files are JSON, tables or images of masks; they are read, scored, and never executed.
- Say truthfully how a method was trained, and whether it has seen the test images. Entries found to be otherwise are hidden.
- One person has one account. Several accounts to get around the quota, and submissions made to learn the hidden ground truth, are grounds for a suspension.
- Files stay yours. The site reads them to score them, and keeps them to score them again. It shows their cells or offers them for download only where their owner has agreed, under the licence the owner chose.
- Scores of private submissions are yours to show or not. Published entries may be quoted by anybody, with the citation on their pages.
- Images and annotations of LIVECell are licensed CC BY-NC 4.0 by Sartorius. The licence of every other data set is on its page.
- There is no warranty: neither for the numbers nor for the site being there tomorrow. The code and its licence are public, so anybody can check and repeat a score.

[Privacy](/docs/privacy), [moderation](/docs/moderation), [limits on requests](/docs/limits)`,

  moderation: (facts) => `
Maintainers decide what is on the leaderboard. The operator has not set a policy of their own; these are the rules that the software enforces.

- A maintainer approves each entry before it is public. They may ask its owner back, decline it, hide it later, and restore it. Every decision has a reason, which the owner reads.
- Nobody decides about their own entry or one of their team. Where there is only one maintainer, an entry that its own submitter approved says so publicly.
- Grounds for hiding or declining: wrong or missing statements about training data, predictions made with the ground truth, names that deceive, content that does not belong here.
- Grounds for suspending an account: getting around the quota, probing hidden ground truth, attacks on the site. A suspended person can look, download their data, and delete the account.
- Automatic findings, such as copied masks or runs that look like questions, are shown to maintainers and decide nothing.
- Every decision is logged: who, when, what, why. The log cannot be changed.

To object, answer the decision on the submission’s page, or write to the operator. ${whomToAsk(facts, 'Contact')}`,

  retention: () => `
What is stored, and for how long. The table shows the settings of this site; a sweep deletes every hour what is due.

- /check reads a file in your browser. Nothing of it is sent, so nothing is kept.
- A file that several submissions share stays until the last of them gives it up.
- Scores, problems and the record of a submission stay when its file is deleted. A submission without its file cannot be scored again with a newer evaluator.`,

  security: (facts) => `
${
  facts.securityContact
    ? `Please report security problems of this site privately to [${facts.securityContact.replace(/^mailto:/, '')}](${facts.securityContact}).`
    : 'The operator of this site has not stated an address for security reports. Problems of the software itself can be reported to its authors, as the file SECURITY.md of the source code says.'
} Write what you did, what you saw, and what somebody could gain by it.

- Try attacks only on an installation of your own: the code is public, and two commands start it. Do not read, change or delete data of others, and do not try to stop this site.
- What counts in particular: reading private submissions, hidden ground truth or the names behind anonymous entries; acting as somebody else; a file that stops scoring; a score that does not come from its file.
- Give the operator time to mend it before you publish it.

For programs: [/.well-known/security.txt](/.well-known/security.txt)`,
};

/** A row of the table of what is kept. */
export interface KeptThing {
  what: string;
  kept: string;
  /** the setting that determines it; null: the software does */
  setting: string | null;
}

/** Return what is kept for how long, from the settings of the site (`lib/env.ts`). */
export function keptThings(settings: {
  LIVECELL_KEEP_UPLOADS_DAYS: number;
  LIVECELL_KEEP_REJECTED_DAYS: number;
  LIVECELL_KEEP_PRACTICE_DAYS: number;
  LIVECELL_KEEP_WITHDRAWN_DAYS: number;
  LIVECELL_SESSION_IDLE_DAYS: number;
}): KeptThing[] {
  const after = (name: keyof typeof settings, since: string) => ({
    kept: settings[name] === 0 ? 'Deleted at once' : `${days(settings[name])} ${since}`,
    setting: name,
  });
  const always = (kept: string) => ({ kept, setting: null });
  return [
    { what: 'Uploads that nobody submitted', ...after('LIVECELL_KEEP_UPLOADS_DAYS', 'after they began') },
    { what: 'Files of rejected and failed submissions', ...after('LIVECELL_KEEP_REJECTED_DAYS', 'after the verdict') },
    {
      what: 'Files of private runs on practice data',
      ...after('LIVECELL_KEEP_PRACTICE_DAYS', 'after the score'),
    },
    { what: 'Files of withdrawn submissions', ...after('LIVECELL_KEEP_WITHDRAWN_DAYS', 'after the withdrawal') },
    { what: 'Files of scored submissions', ...always('Until their owner deletes or withdraws them') },
    { what: 'Files checked at /check', ...always('Never sent to this site') },
    {
      what: 'Scores and the record of a submission',
      ...always('Until its account is deleted, if it never was public'),
    },
    { what: 'Sessions that are not used', ...after('LIVECELL_SESSION_IDLE_DAYS', 'after the last use') },
    { what: 'Letters that were sent or given up', ...always('30 days') },
    { what: 'Digests of the sign-ins of deleted accounts', ...always('1 year') },
    { what: 'The log of decisions', ...always('As long as the site exists') },
  ];
}

/**
 * Return the text of `/.well-known/security.txt` (RFC 9116); null without a contact, which it requires. It expires 180
 * days after the start of the day `now`, so that a forgotten site does not promise answers for ever.
 */
export function securityTxt({
  contact,
  site,
  now,
}: {
  contact: string | null;
  /** the site's own address */
  site: string;
  now: Date;
}): string | null {
  if (contact === null) return null;
  const expires = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 180));
  return [
    `Contact: ${contact}`,
    `Expires: ${expires.toISOString().replace('.000', '')}`,
    `Canonical: ${site}/.well-known/security.txt`,
    `Policy: ${site}/docs/security`,
    'Preferred-Languages: en',
    '',
  ].join('\n');
}
