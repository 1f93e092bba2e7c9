/** The routes of Auth.js. It reads any body as a whole, so it gets one of limited size. */
import { NextRequest } from 'next/server';
import { handlers } from '#app/_server/auth.ts';
import { FORM_BYTES, readBody } from '#app/_server/bounded-body.ts';
import { problem } from '#app/_server/http.ts';

export const { GET } = handlers;

export async function POST(request: NextRequest): Promise<Response> {
  try {
    const body = await readBody(request, FORM_BYTES);
    const { method, headers } = request;
    return await handlers.POST(new NextRequest(request.url, { method, headers, body }));
  } catch (error) {
    return problem(error);
  }
}
