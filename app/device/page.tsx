import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { machineOf } from '#app/_server/device-codes.ts';
import { viewer } from '#app/_server/http.ts';
import { AppError } from '#lib/errors.ts';
import { canAct } from '#lib/permissions.ts';
import { DeviceForm } from './device-form.tsx';

export const metadata: Metadata = {
  title: 'Sign a machine in',
  robots: { index: false },
  referrer: 'no-referrer',
};

type Props = { searchParams: Promise<{ code?: string }> };

/** Where a person confirms `livecell login`: only signed in, and only after comparing the code. */
export default async function DevicePage({ searchParams }: Props) {
  const { code: given } = await searchParams;
  const who = await viewer();
  if (!who) redirect(`/sign-in?returnTo=${encodeURIComponent(given ? `/device?code=${given}` : '/device')}`);
  const found = given && canAct(who) ? await lookUp(given, who.id) : null;
  return (
    <div className="page">
      <header className="page-head">
        <h1>Sign a machine in</h1>
        <p className="lead">
          <code>livecell login</code> shows a code. Whoever enters it here lets that machine act in their name.
        </p>
      </header>
      {!canAct(who) ? (
        <p className="alert" data-kind="warn">
          Your account is suspended, so it cannot sign machines in.
        </p>
      ) : found && 'machine' in found ? (
        <DeviceForm {...found} />
      ) : (
        <form method="get" action="/device">
          <div className="field">
            <label htmlFor="code">Code</label>
            <input
              id="code"
              name="code"
              defaultValue={given}
              autoComplete="off"
              autoCapitalize="characters"
              spellCheck={false}
              maxLength={20}
              placeholder="BCDF-GHJK"
              aria-describedby="code-error"
              required
            />
            <p className="error" id="code-error" hidden={!found}>
              {found?.message}
            </p>
          </div>
          <button type="submit">Continue</button>
        </form>
      )}
    </div>
  );
}

const UNKNOWN =
  'This code is not known here, was used already, or is older than ten minutes. Run livecell login again.';

/** Return the machine with this code, or why there is none. */
async function lookUp(
  code: string,
  userId: string,
): Promise<{ code: string; machine: string; message?: undefined } | { message: string }> {
  try {
    return (await machineOf(code, userId)) ?? { message: UNKNOWN };
  } catch (error) {
    if (error instanceof AppError && error.code === 'too-many') return { message: error.message };
    throw error;
  }
}
