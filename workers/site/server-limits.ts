/** How long a connection may take to send its request, in milliseconds: one that is never finished is closed. */
export const SERVER_LIMITS = {
  /** until all headers are here */
  headersTimeout: 10_000,
  /** until all of the body is here; an upload comes in pieces that take far less, even over a slow line */
  requestTimeout: 300_000,
  /** how long a connection may wait for its next request; longer than a proxy in front keeps it */
  keepAliveTimeout: 65_000,
  /** how often all of this is looked at */
  connectionsCheckingInterval: 2_500,
} as const;
