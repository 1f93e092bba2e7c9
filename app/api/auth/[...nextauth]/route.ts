/** The routes of Auth.js. It reads any body as a whole, so it gets one of limited size. */
import { NextRequest } from 'next/server';
import { handlers } from '#app/_server/auth.ts';
import { FORM_BYTES, readBody } from '#app/_server/bounded-body.ts';
import { problem } from '#app/_server/http.ts';
import { countUse, limitPage } from '#app/_server/limits.ts';

export async function GET(request: NextRequest): Promise<Response> {
  try {
    // coming back from a service: each return asks it for a person, and the database for a session
    if (request.nextUrl.pathname.includes('/callback/')) await countUse('sign-in', request.headers, null);
    return await handlers.GET(request);
  } catch (error) {
    return limitPage(error, request) ?? problem(error);
  }
}

export async function POST(request: NextRequest): Promise<Response> {
  try {
    await countUse('sign-in', request.headers, null);
    const body = await readBody(request, FORM_BYTES);
    const { method, headers } = request;
    return await handlers.POST(new NextRequest(request.url, { method, headers, body }));
  } catch (error) {
    return limitPage(error, request) ?? problem(error);
  }
}
