/**
 * Every environment variable the site reads, checked at once: a wrong set-up is reported completely, not one error at a
 * time.
 */
import { z } from 'zod';
import { AppError } from './errors.ts';

const optional = z
  .string()
  .optional()
  .transform((value) => value || undefined);

const schema = z
  .object({
    /** PostgreSQL; absent: the embedded database in the data folder */
    DATABASE_URL: optional.pipe(
      z.url({ protocol: /^postgres(ql)?$/, error: 'must start with postgres://' }).optional(),
    ),
    /** the data folder: storage, and the embedded database if used */
    LIVECELL_DATA: optional.transform((value) => value ?? './data'),
    PORT: optional
      .transform((value) => Number(value ?? 3000))
      .pipe(z.int({ error: 'must be a whole number' }).min(1).max(65535, { error: 'must be at most 65535' })),
    /** the address to listen on; by default a local installation is reachable only from this machine */
    HOST: optional,
    /** signs sessions; generated and stored in the data folder if absent */
    AUTH_SECRET: optional,
    /** the site's public address, to which sign-ins return */
    AUTH_URL: optional.pipe(z.url({ error: 'must be an address such as https://example.org' }).optional()),
    /** the mail server that sends notices, as smtp://user:password@host:587 or smtps://…; absent: no e-mail */
    SMTP_URL: optional.pipe(z.url({ protocol: /^smtps?$/, error: 'must start with smtp:// or smtps://' }).optional()),
    /** sender of the e-mail: an address, or `LIVECell benchmark <noreply@example.org>` */
    MAIL_FROM: optional.pipe(
      z
        .string()
        .regex(
          /^([^\s<>@]+@[^\s<>@]+|[^<>@\r\n]*<[^\s<>@]+@[^\s<>@]+>)$/,
          'must be an address such as noreply@example.org',
        )
        .optional(),
    ),
    AUTH_GITHUB_ID: optional,
    AUTH_GITHUB_SECRET: optional,
    AUTH_GOOGLE_ID: optional,
    AUTH_GOOGLE_SECRET: optional,
    AUTH_ORCID_ID: optional,
    AUTH_ORCID_SECRET: optional,
    /** another ORCID server, such as its sandbox */
    AUTH_ORCID_ISSUER: optional,
    /** set only by `npm start`, if `signsInAtHome`; never by hand */
    LIVECELL_LOCAL_SIGN_IN: optional,
    /** scoring threads; absent: one per core */
    LIVECELL_THREADS: optional
      .transform((value) => (value ? Number(value) : undefined))
      .pipe(z.int({ error: 'must be a whole number' }).min(1).max(256).optional()),
    /**
     * scored submissions a person or team may have per task and window, unless a maintainer set another number; 0: no
     * limit
     */
    LIVECELL_QUOTA: optional
      .transform((value) => Number(value ?? 5))
      .pipe(z.int({ error: 'must be a whole number' }).min(0).max(10_000)),
    /** the length of that window in days */
    LIVECELL_QUOTA_DAYS: optional
      .transform((value) => Number(value ?? 7))
      .pipe(z.int({ error: 'must be a whole number' }).min(1).max(365)),
    /** what `/api/metrics` and the details of `/api/ready` take as a bearer token; absent: everybody may read them */
    LIVECELL_METRICS_TOKEN: optional,
    /** maximum number of submissions of a person, and of a team, waiting or being scored; 0: no limit */
    LIVECELL_OPEN_JOBS: optional
      .transform((value) => Number(value ?? 10))
      .pipe(z.int({ error: 'must be a whole number' }).min(0).max(10_000)),
    /** submissions a person may send within a day, whatever their outcome; 0: no limit */
    LIVECELL_RUNS_PER_DAY: optional
      .transform((value) => Number(value ?? 50))
      .pipe(z.int({ error: 'must be a whole number' }).min(0).max(100_000)),
    /** bytes of a person's files, including incomplete uploads; 0: no limit */
    LIVECELL_BYTES_PER_PERSON: optional
      .transform((value) => Number(value ?? 32 * 1024 ** 3))
      .pipe(z.int({ error: 'must be a whole number' }).min(0)),
    /** bytes of all people's files together; 0: limited only by the disk */
    LIVECELL_BYTES_IN_ALL: optional
      .transform((value) => Number(value ?? 0))
      .pipe(z.int({ error: 'must be a whole number' }).min(0)),
    /** bytes of the disk that uploads must leave free */
    LIVECELL_FREE_BYTES: optional
      .transform((value) => Number(value ?? 1024 ** 3))
      .pipe(z.int({ error: 'must be a whole number' }).min(0)),
  })
  .superRefine((values, context) => {
    for (const name of ['GITHUB', 'GOOGLE', 'ORCID'] as const) {
      const id = `AUTH_${name}_ID` as const;
      const secret = `AUTH_${name}_SECRET` as const;
      if (!values[id] === !values[secret]) continue;
      const missing = values[id] ? secret : id;
      context.addIssue({ code: 'custom', path: [missing], message: `is missing, though its other half is set` });
    }
    // an e-mail needs a sender, and its links need a public address
    for (const name of ['MAIL_FROM', 'AUTH_URL'] as const)
      if (values.SMTP_URL && !values[name])
        context.addIssue({ code: 'custom', path: [name], message: 'is missing, though SMTP_URL is set' });
  });

export type Env = z.infer<typeof schema>;

/** Check variables; throw one error that lists every wrong one. */
export function readEnv(source: Readonly<Record<string, string | undefined>>): Env {
  const result = schema.safeParse(source);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `  ${issue.path.join('.')} ${issue.message}`);
  throw new AppError('invalid', `These environment variables are wrong:\n${lines.join('\n')}`);
}

/** Return the process's variables. Read at each call, because the launcher and tests set some of them while running. */
export function env(): Env {
  return readEnv(process.env);
}

const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

/** Tell whether only this machine can reach a listening address. */
export function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && LOOPBACK.includes(host);
}

/**
 * Tell whether people sign in with a key instead of a service: only this machine can reach the site (HOST), it has no
 * public address, and no service is set up. The launcher also requires the embedded database.
 */
export function signsInAtHome(values: Env): boolean {
  const { HOST, AUTH_URL, AUTH_GITHUB_ID, AUTH_GOOGLE_ID, AUTH_ORCID_ID } = values;
  return isLoopbackHost(HOST) && !AUTH_URL && !AUTH_GITHUB_ID && !AUTH_GOOGLE_ID && !AUTH_ORCID_ID;
}
