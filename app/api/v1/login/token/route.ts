import { route } from '#app/_server/http.ts';
import { askDeviceLogin, DEVICE_POLL_SECONDS } from '#db/people/device-logins.ts';
import { getUser } from '#db/people/users.ts';
import { AppError } from '#lib/errors.ts';
import { type DeviceTokenBody, deviceCodeSchema } from '#lib/http/api.ts';
import { USUAL_SCOPES } from '#lib/vocabulary.ts';

/** Answer a command line that waits: with its token if the person has confirmed, and only once. */
export const POST = route({ body: deviceCodeSchema }, async ({ body }) => {
  const answer = await askDeviceLogin(body.deviceCode);
  if (answer.state === 'refused')
    throw new AppError('forbidden', 'The sign-in was refused in the browser. Run livecell login to try again.');
  if (answer.state === 'waiting') {
    const waiting: DeviceTokenBody = { state: 'waiting', interval: DEVICE_POLL_SECONDS };
    return Response.json(waiting, { status: 202, headers: { 'cache-control': 'no-store' } });
  }
  const { token, name, userId, expiresAt } = answer;
  const user = await getUser(userId);
  const given: DeviceTokenBody = {
    state: 'allowed',
    token,
    name,
    user: { id: userId, name: user?.name ?? null },
    scopes: [...USUAL_SCOPES],
    expiresAt: expiresAt?.toISOString() ?? null,
  };
  return given;
});
