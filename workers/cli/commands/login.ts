/** `livecell login` and `livecell whoami`. */
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { day } from '#lib/format.ts';
import type { DeviceLoginBody, DeviceTokenBody, Me } from '#lib/http/api.ts';
import { CallError, type Command, InputError, JSON_OPTION, type Output } from '#workers/cli/command.ts';
import { readSettings, writeSettings } from '#workers/cli/settings.ts';
import { findServer, openSite, refusal, SERVER_OPTION, Site, TOKEN_OPTION } from '#workers/cli/site.ts';

export const login: Command = {
  name: 'login',
  help: 'Signs this machine in to a site: shows a code that you confirm in a browser, and keeps the token.',
  details:
    'The token is kept in sites.json in $XDG_CONFIG_HOME/livecell (~/.config/livecell; %APPDATA%\\livecell on Windows),\n' +
    'which only you can read. It is good for 90 days; your account page shows and revokes it.',
  example: 'livecell login --server https://example.org',
  options: {
    server: SERVER_OPTION,
    forget: { type: 'boolean', help: 'delete the token of this site from this machine instead' },
    json: JSON_OPTION,
  },
  async run(values, files, out) {
    if (files.length > 0) throw new CallError(`“${files[0]}” is not expected: the site is given with --server.`);
    const url = await findServer(values);
    if (values.forget) return forget(url, out);
    const site = new Site(url, null);
    const begun = await site.call<DeviceLoginBody>('POST', '/api/v1/login', { machine: hostname().slice(0, 80) });
    const address = `${begun.verificationUri}?code=${begun.userCode}`;
    out.note(`Open ${address}`);
    out.note(`and confirm that the page shows the code ${begun.userCode}.`);
    const answer = await waitForPerson(site, begun, out);
    const settings = await readSettings();
    settings.server = url;
    settings.tokens[url] = { token: answer.token, name: answer.user.name, expiresAt: answer.expiresAt };
    const path = await writeSettings(settings);
    out.document({ server: url, user: answer.user, scopes: answer.scopes, expiresAt: answer.expiresAt, file: path });
    const until = answer.expiresAt ? `, until ${day(new Date(answer.expiresAt))}` : '';
    out.print(`Signed in to ${url} as ${answer.user.name ?? 'yourself'}${until}. The token is in ${path}.`);
  },
};

async function waitForPerson(
  site: Site,
  { deviceCode, expiresAt, interval }: DeviceLoginBody,
  out: Output,
): Promise<Extract<DeviceTokenBody, { state: 'allowed' }>> {
  while (Date.now() < Date.parse(expiresAt)) {
    out.progress('waiting for you to confirm in the browser');
    await sleep(interval * 1000);
    const response = await site.ask('POST', '/api/v1/login/token', { deviceCode });
    const text = await response.text();
    if (response.status === 429) continue;
    if (!response.ok) throw refusal(response.status, text, site.url);
    const answer = JSON.parse(text) as DeviceTokenBody;
    if (answer.state === 'allowed') return answer;
  }
  throw new InputError('Nobody confirmed the code within ten minutes. Run livecell login again.');
}

async function forget(url: string, out: Output): Promise<void> {
  const settings = await readSettings();
  const known = settings.tokens[url] !== undefined;
  delete settings.tokens[url];
  if (settings.server === url) settings.server = undefined;
  if (known) await writeSettings(settings);
  out.document({ server: url, forgotten: known });
  out.print(
    known
      ? `This machine no longer has a token for ${url}. Revoke it on your account page as well, if others may have it.`
      : `This machine has no token for ${url}.`,
  );
}

export const whoami: Command = {
  name: 'whoami',
  help: 'Tells who the token belongs to, and what it is for.',
  example: 'livecell whoami',
  options: { server: SERVER_OPTION, token: TOKEN_OPTION, json: JSON_OPTION },
  async run(values, files, out) {
    if (files.length > 0) throw new CallError(`“${files[0]}” is not expected.`);
    const site = await openSite(values);
    const me = await site.call<Me>('GET', '/api/v1/me');
    out.document({ server: site.url, ...me });
    const teams = me.teams.map(({ name }) => name).join(', ');
    out.print(
      [
        `${me.name ?? 'Somebody without a name'}${me.email ? ` <${me.email}>` : ''}, ${me.role} at ${site.url}`,
        ...(me.suspended ? ['This account is suspended: it can read and change nothing.'] : []),
        ...(teams ? [`Teams: ${teams}`] : []),
        `The token may ${(me.scopes ?? []).join(' and ')}.`,
      ].join('\n'),
    );
  },
};
