/**
 * Every environment variable the site reads, checked at once: a wrong set-up is reported completely, not one error at a
 * time.
 */
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { AppError } from './errors.ts';
import { LOG_LEVELS } from './vocabulary.ts';

const optional = z
  .string()
  .optional()
  .transform((value) => value || undefined);

/** An e-mail address, or an address on the web, as a link. */
const contact = optional
  .transform((value) => (value && /^[^\s<>@:/]+@[^\s<>@:/]+$/.test(value) ? `mailto:${value}` : value))
  .pipe(
    z
      .string()
      .regex(/^(mailto:[^\s<>@]+@[^\s<>@]+|https:\/\/[^\s<>()]+)$/, 'must be an e-mail address, or start with https://')
      .optional(),
  );

/** A number of whole days. */
const days = (standard: number, least: number) =>
  optional
    .transform((value) => Number(value ?? standard))
    .pipe(z.int({ error: 'must be a whole number' }).min(least).max(36_500));

const schema = z
  .object({
    /** PostgreSQL; absent: the embedded database in the data folder */
    DATABASE_URL: optional.pipe(
      z.url({ protocol: /^postgres(ql)?$/, error: 'must start with postgres://' }).optional(),
    ),
    /** the data folder: storage, and the embedded database if used */
    LIVECELL_DATA: optional.transform((value) => value ?? './data'),
    /** an S3 bucket as file store; absent: the folder `storage` in the data folder */
    S3_BUCKET: optional,
    /** the store's address, such as https://s3.example.org; absent: Amazon's */
    S3_ENDPOINT: optional.pipe(
      z.url({ protocol: /^https?$/, error: 'must start with https:// or http://' }).optional(),
    ),
    S3_REGION: optional,
    /** absent: found as Amazon's SDK does, for instance by the role of the machine */
    S3_ACCESS_KEY_ID: optional,
    S3_SECRET_ACCESS_KEY: optional,
    /** bytes of the data folder that copies from the bucket may take */
    LIVECELL_CACHE_BYTES: optional
      .transform((value) => Number(value ?? 20 * 1024 ** 3))
      .pipe(z.int({ error: 'must be a whole number' }).min(0)),
    PORT: optional
      .transform((value) => Number(value ?? 3000))
      .pipe(z.int({ error: 'must be a whole number' }).min(1).max(65535, { error: 'must be at most 65535' })),
    /** the address to listen on; by default a local installation is reachable only from this machine */
    HOST: optional,
    /** signs sessions; generated and stored in the data folder if absent */
    AUTH_SECRET: optional,
    /**
     * 32 bytes in base64 (`openssl rand -base64 32`), the same for every build of the pages: a form that one machine
     * rendered then works on another. Not needed where the pages are built once and copied
     */
    NEXT_SERVER_ACTIONS_ENCRYPTION_KEY: optional.refine(
      (value) => value === undefined || Buffer.from(value, 'base64').length === 32,
      'must be 32 bytes in base64: openssl rand -base64 32',
    ),
    /** signs receipts: 32 bytes in base64, or an Ed25519 key as PKCS #8; generated and stored in the data folder if absent */
    RECEIPT_KEY: optional,
    /** the site's public address, to which sign-ins return */
    AUTH_URL: optional.pipe(z.url({ error: 'must be an address such as https://example.org' }).optional()),
    /**
     * addresses and networks of the reverse proxies in front of the site, such as `127.0.0.1, 10.0.0.0/8`: only their
     * X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host are believed; absent: nobody's
     */
    TRUSTED_PROXIES: optional
      .transform((value) => (value ?? '').split(/[\s,]+/).filter(Boolean))
      .pipe(z.array(z.string().refine(isNetwork, 'must list addresses or networks, such as 127.0.0.1, 10.0.0.0/8'))),
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
    /**
     * seconds for which a web process that was told to stop says so at `/api/ready` and still takes requests, so that a
     * load balancer sends new ones elsewhere; absent: 5, and 0 on a local installation
     */
    LIVECELL_DRAIN_SECONDS: optional
      .transform((value) => Number(value ?? 5))
      .pipe(z.int({ error: 'must be a whole number' }).min(0).max(600)),
    /** seconds that running requests then have to end; uploads resume at another process; absent: 20 */
    LIVECELL_STOP_SECONDS: optional
      .transform((value) => Number(value ?? 20))
      .pipe(z.int({ error: 'must be a whole number' }).min(0).max(3600)),
    /**
     * words for readers during planned maintenance, such as `We move to another machine.`: while they are set, web
     * processes answer every request with 503 and these words, and need no database
     */
    LIVECELL_MAINTENANCE: optional,
    /** when it is expected to end, such as 2026-12-01T14:30Z; absent: nothing is said */
    LIVECELL_MAINTENANCE_UNTIL: optional
      .refine(
        (value) => value === undefined || !Number.isNaN(Date.parse(value)),
        'must be a time such as 2026-12-01T14:30Z',
      )
      .transform((value) => (value === undefined ? undefined : new Date(value))),
    /** scoring threads; absent: one per core */
    LIVECELL_THREADS: optional
      .transform((value) => (value ? Number(value) : undefined))
      .pipe(z.int({ error: 'must be a whole number' }).min(1).max(256).optional()),
    /** MB of memory of the process that computes scores; above it the job fails; absent: 60 % of the machine's */
    LIVECELL_SCORING_MEMORY: optional
      .transform((value) => (value ? Number(value) : undefined))
      .pipe(z.int({ error: 'must be a whole number' }).min(256).optional()),
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
    /**
     * bearer token for `/api/metrics` and the details of `/api/ready`; absent: they are open on a site without
     * AUTH_URL that only this machine can reach, and closed on others
     */
    METRICS_TOKEN: optional,
    /** the same under its former name */
    LIVECELL_METRICS_TOKEN: optional,
    /**
     * by how much the limits on requests (/docs/limits) are multiplied; 0: no limits; absent: 1, and 1,000 on a local
     * installation
     */
    LIVECELL_LIMIT_FACTOR: optional
      .transform((value) => (value ? Number(value) : undefined))
      .pipe(z.number({ error: 'must be a number' }).min(0).max(10_000).optional()),
    /**
     * port that serves a process's metrics at `/metrics` on METRICS_HOST; absent: none. Under `npm start` the web
     * process has it and the scoring process the next
     */
    METRICS_PORT: optional
      .transform((value) => (value ? Number(value) : undefined))
      .pipe(
        z.int({ error: 'must be a whole number' }).min(1).max(65535, { error: 'must be at most 65535' }).optional(),
      ),
    /** the address on which METRICS_PORT listens; absent: 127.0.0.1 */
    METRICS_HOST: optional.transform((value) => value ?? '127.0.0.1'),
    /** the least important lines that are logged: trace, debug, info, warn, error, fatal or silent; absent: info */
    LOG_LEVEL: optional.pipe(z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).optional()),
    /** requests that are logged: none, errors (failed or slower than 5 s) or all; absent: errors */
    LOG_ACCESS: optional.pipe(z.enum(['none', 'errors', 'all'], 'must be none, errors or all').optional()),
    /** where traces are sent, such as http://localhost:4318; absent: none are collected */
    OTEL_EXPORTER_OTLP_ENDPOINT: optional,
    /** the commit that runs, for reports and metrics; absent: from .build-commit or the checkout */
    LIVECELL_COMMIT: optional,
    /** oldest age of a backup in hours that `livecell doctor` and the alert accept */
    LIVECELL_BACKUP_HOURS: optional
      .transform((value) => Number(value ?? 26))
      .pipe(z.int({ error: 'must be a whole number' }).min(1).max(10_000)),
    /** a folder into which the scoring process writes the public site as files, once a day */
    LIVECELL_EXPORT: optional,
    /** days without a request after which a person is signed out */
    LIVECELL_SESSION_IDLE_DAYS: optional
      .transform((value) => Number(value ?? 30))
      .pipe(z.int({ error: 'must be a whole number' }).min(1).max(90)),
    /** the same for maintainers */
    LIVECELL_MAINTAINER_IDLE_DAYS: optional
      .transform((value) => Number(value ?? 7))
      .pipe(z.int({ error: 'must be a whole number' }).min(1).max(90)),
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
    /** days after which uploads that nobody submitted are deleted */
    LIVECELL_KEEP_UPLOADS_DAYS: days(2, 1),
    /** days after which the files of rejected and failed submissions are deleted */
    LIVECELL_KEEP_REJECTED_DAYS: days(30, 0),
    /** days after which the files of private runs on practice data are deleted */
    LIVECELL_KEEP_PRACTICE_DAYS: days(30, 0),
    /** days for which the files of withdrawn submissions are kept; 0: they are deleted at once */
    LIVECELL_KEEP_WITHDRAWN_DAYS: days(0, 0),
    /** who runs the site, for the pages about privacy, terms and moderation: a name and, where the law asks for it, an address */
    LIVECELL_OPERATOR: optional,
    /** where people ask about their data and object to decisions: an e-mail address or a web address */
    LIVECELL_CONTACT: contact,
    /** where security problems are reported, for /.well-known/security.txt; absent: LIVECELL_CONTACT */
    LIVECELL_SECURITY_CONTACT: contact,
    /** folder with the operator's own texts (privacy.md, terms.md, moderation.md, retention.md, security.md); absent: the folder `texts` in the data folder */
    LIVECELL_TEXTS: optional,
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
    if (!values.S3_ACCESS_KEY_ID !== !values.S3_SECRET_ACCESS_KEY)
      context.addIssue({
        code: 'custom',
        path: [values.S3_ACCESS_KEY_ID ? 'S3_SECRET_ACCESS_KEY' : 'S3_ACCESS_KEY_ID'],
        message: 'is missing, though its other half is set',
      });
    if (!values.S3_BUCKET && (values.S3_ENDPOINT || values.S3_ACCESS_KEY_ID))
      context.addIssue({
        code: 'custom',
        path: ['S3_BUCKET'],
        message: 'is missing, though other S3 variables are set',
      });
    // an e-mail needs a sender, and its links need a public address
    for (const name of ['MAIL_FROM', 'AUTH_URL'] as const)
      if (values.SMTP_URL && !values[name])
        context.addIssue({ code: 'custom', path: [name], message: 'is missing, though SMTP_URL is set' });
  });

/** Tell whether a text is an address or a network. */
function isNetwork(text: string): boolean {
  return text.includes('/') ? ipaddr.isValidCIDR(text) : ipaddr.isValid(text);
}

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
