'use client';

import { useActionState } from 'react';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { changePreferences } from './actions.ts';

interface Preference {
  kind: string;
  words: string;
  site: boolean;
  email: boolean;
}

/** Choose which notices to get where. `noMail` gives the reason if the site sends no e-mail; null if it does. */
export function PreferencesForm({ preferences, noMail }: { preferences: Preference[]; noMail: string | null }) {
  const [state, run, pending] = useActionState(changePreferences, {});
  return (
    <form action={run} aria-label="Notices">
      <TableFrame label="Table of notices and where they come">
        <table className="preferences">
          <caption>Tell me when</caption>
          <thead>
            <tr>
              <th scope="col">What happens</th>
              <th scope="col">In the site</th>
              <th scope="col">By e-mail</th>
            </tr>
          </thead>
          <tbody>
            {preferences.map(({ kind, words, site, email }) => (
              <tr key={kind}>
                <th scope="row">{words}</th>
                <td>
                  <input
                    type="checkbox"
                    name={`site:${kind}`}
                    defaultChecked={site}
                    aria-label={`${words}: in the site`}
                  />
                </td>
                <td>
                  <input
                    type="checkbox"
                    name={`email:${kind}`}
                    defaultChecked={email}
                    aria-label={`${words}: by e-mail`}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
      {noMail && <p className="hint">{noMail}</p>}
      <div className="cluster">
        <button type="submit" disabled={pending}>
          Save notices
        </button>
        <span role="status">{state.done && !pending ? 'Saved.' : ''}</span>
      </div>
      {state.message && (
        <p className="error" role="alert">
          {state.message}
        </p>
      )}
    </form>
  );
}
