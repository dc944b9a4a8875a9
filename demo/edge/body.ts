import { MOST_SECONDS } from './limits.js';
import { Refusal } from './refusal.js';

/** Reads a body of at most `most` bytes, and no more of it than that. */
export async function readBody(request: Request, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const stated = Number(request.headers.get('content-length') ?? 0);
  if (stated > most) throw tooLarge(`${stated}`, most);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of withinTime(request.body)) {
    length += chunk.length;
    if (length > most) throw tooLarge(`more than ${most}`, most);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** The chunks of a body. Fails when the body does not arrive in time. */
async function* withinTime(body: Request['body']): AsyncGenerator<Uint8Array> {
  if (!body) return;
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const refusal = new Refusal(408, 'slow-body', `the body did not arrive within ${MOST_SECONDS} seconds`);
    timer = setTimeout(() => reject(refusal), 1000 * MOST_SECONDS);
  });
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late]);
      if (done) return;
      yield value;
    }
  } finally {
    clearTimeout(timer);
    // Does nothing where the body was read to its end. Errors of a client that disconnected are ignored.
    reader.cancel().catch(() => undefined);
  }
}

const tooLarge = (found: string, most: number) =>
  new Refusal(413, 'too-large', `the body has ${found} bytes, but at most ${most} are taken`);
