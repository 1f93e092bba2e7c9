import { env } from '#lib/env.ts';

/** Return the address of an iD; ORCID's sandbox has its own. */
function orcidAddress(orcid: string): string {
  const sandbox = env().AUTH_ORCID_ISSUER?.includes('sandbox.orcid.org');
  return `https://${sandbox ? 'sandbox.' : ''}orcid.org/${orcid}`;
}

/**
 * An ORCID iD as ORCID requires it: the iD icon and the full address, both linked. Use it only for iDs that their
 * holders have signed in with; the site never accepts a typed one.
 */
export function OrcidId({ orcid }: { orcid: string }) {
  const address = orcidAddress(orcid);
  return (
    <a className="orcid" href={address} rel="me noopener">
      <svg width="18" height="18" viewBox="0 0 256 256" role="img" aria-label="ORCID iD">
        <circle cx="128" cy="128" r="128" fill="#A6CE39" />
        <path
          fill="#fff"
          d="M86.3 186.2H70.9V79.1h15.4v107.1ZM108.9 79.1h41.6c39.6 0 57 28.3 57 53.6 0 27.5-21.5 53.6-56.8 53.6h-41.8V79.1Zm15.4 93.3h24.5c34.9 0 42.9-26.5 42.9-39.7 0-21.5-13.7-39.7-43.7-39.7h-23.7v79.4ZM88.7 56.8c0 5.5-4.5 10.1-10.1 10.1s-10.1-4.6-10.1-10.1c0-5.6 4.5-10.1 10.1-10.1s10.1 4.6 10.1 10.1Z"
        />
      </svg>
      {address}
    </a>
  );
}
