/** `livecell sign-in-link`. */
import { type Command, InputError, JSON_OPTION } from '#workers/cli/command.ts';
import { withDatabase } from '#workers/cli/with-database.ts';
import { runningSite } from '#workers/run-file.ts';

export const signInLink: Command = {
  name: 'sign-in-link',
  help: 'Makes a link that signs you in, once, to the site that runs on this machine.',
  example: 'livecell sign-in-link',
  options: { json: JSON_OPTION },
  async run(_values, _files, out) {
    const site = await runningSite();
    if (!site) throw new InputError('No site runs on this data folder. Start it: npm start prints such a link itself.');
    if (!site.signsInAtHome)
      throw new InputError('People sign in to this site through GitHub, Google or ORCID; there are no sign-in links.');
    const url = await withDatabase(async () => {
      const { makeOperatorLink, signInAddress } = await import('#db/people/sign-in-links.ts');
      return signInAddress(site.siteUrl, await makeOperatorLink());
    });
    out.document({ url });
    out.print(url);
  },
};
