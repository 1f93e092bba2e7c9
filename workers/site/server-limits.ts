/** Time limits for requests, in milliseconds: a connection that never completes its request is closed. */
export const SERVER_LIMITS = {
  /** to receive all headers */
  headersTimeout: 10_000,
  /** to receive the whole body; uploads come in pieces that take far less, even over a slow line */
  requestTimeout: 300_000,
  /** to wait for a connection's next request; longer than a proxy in front of the site keeps it */
  keepAliveTimeout: 65_000,
  /** interval between checks of these limits */
  connectionsCheckingInterval: 2_500,
} as const;
/** Connections that a process keeps at once; further ones are closed. */
export const MOST_CONNECTIONS = 4096;
