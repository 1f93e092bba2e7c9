import { route } from '#app/_server/http.ts';
import { siteOf } from '#app/_server/site.ts';
import { beginDeviceLogin, DEVICE_POLL_SECONDS } from '#db/people/device-logins.ts';
import { type DeviceLoginBody, newDeviceLoginSchema } from '#lib/http/api.ts';

/** Begin the sign-in of a command line; a person confirms it on /device. */
export const POST = route({ body: newDeviceLoginSchema, limit: 'sign-in' }, async ({ body, request }) => {
  const { deviceCode, userCode, expiresAt } = await beginDeviceLogin(body.machine);
  const begun: DeviceLoginBody = {
    deviceCode,
    userCode,
    verificationUri: `${siteOf(request)}/device`,
    expiresAt: expiresAt.toISOString(),
    interval: DEVICE_POLL_SECONDS,
  };
  return Response.json(begun, { status: 201, headers: { 'cache-control': 'no-store' } });
});
