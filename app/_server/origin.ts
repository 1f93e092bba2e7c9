/** Where a sign-in comes from, as its owner sees it in the list of sessions. */
import { headers } from 'next/headers';
import type { Origin } from '#db/people/sessions.ts';
import { deviceInWords, networkOf } from '#lib/device.ts';
import { clientAddress } from '#lib/http/client-address.ts';

export function originOf(sent: Headers): Origin {
  return { device: deviceInWords(sent.get('user-agent')), network: networkOf(clientAddress(sent)) };
}

/** The same of the request being answered; nothing where Auth.js is called outside one, as in tests. */
export async function originOfRequest(): Promise<Origin> {
  try {
    return originOf(await headers());
  } catch {
    return { device: null, network: null };
  }
}
