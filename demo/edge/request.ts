import type { Grid, Layout, Level, TensorLike } from 'pyramid-pool';
import { Refusal } from './refusal.js';

/** Bytes of the largest map that is taken, and of the largest vector that is given: a worker has 128 MB for all it does. */
export const MOST_BYTES = 16 * 2 ** 20;

const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT;

/** What a request asks for. */
export interface PoolingRequest {
  readonly levels: Level[];
  readonly layout: Layout;
  readonly map: TensorLike;
}

/** Reads a request, or refuses it. The body is read last: what can be refused without it is. */
export async function readRequest(request: Request): Promise<PoolingRequest> {
  const { searchParams } = new URL(request.url);
  checkNames(searchParams);
  const layout = readLayout(searchParams.get('layout') ?? 'NCHW');
  const levels = readLevels(searchParams.get('levels') ?? '4,2,1');
  const dims = readDims(searchParams.get('dims') ?? request.headers.get('x-dims'));
  checkMethod(request);
  checkSize(dims, levels, layout);
  const bytes = await readBody(request, product(dims) * FLOAT_BYTES, dims);
  return { levels, layout, map: { data: new Float32Array(bytes.buffer), dims } };
}

/** A misspelt parameter would be passed over, and one of two that differ be chosen by chance. */
function checkNames(parameters: URLSearchParams): void {
  const known = ['dims', 'levels', 'layout'];
  const names = [...parameters.keys()];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Refusal(
      400,
      'unknown-parameter',
      `${quote(unknown)} is not a parameter; there are ${known.join(', ')}`,
    );
  }
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) {
    throw new Refusal(
      400,
      'repeated-parameter',
      `${repeated} is there more than once, but must be there once`,
    );
  }
}

function checkMethod(request: Request): void {
  if (request.method !== 'POST') {
    throw new Refusal(405, 'method-not-allowed', `${request.method} is not allowed, POST is`, {
      allow: 'POST',
    });
  }
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/octet-stream') {
    throw new Refusal(
      415,
      'unsupported-type',
      `the body is ${type ?? 'of no stated type'}, but must be application/octet-stream`,
    );
  }
}

function readLayout(text: string): Layout {
  if (text === 'NCHW' || text === 'NHWC') return text;
  throw new Refusal(400, 'invalid-layout', `layout is ${quote(text)}, but must be NCHW or NHWC`);
}

/** `4,2,1`, or `2x3` for two rows of three bins. */
function readLevels(text: string): Level[] {
  return text.split(',').map((level) => {
    const sizes = level.split('x').map(readCount);
    if (sizes.length > 2 || sizes.some((size) => !size)) {
      throw new Refusal(400, 'invalid-levels', `levels is ${quote(text)}, but must be like 4,2,1 or 4,2x3,1`);
    }
    const [rows, columns = rows] = sizes as [number, number?];
    return [rows, columns] as const;
  });
}

/** `1,256,13,13`, or three sizes for a map without a batch. */
function readDims(text: string | null): number[] {
  const example = 'like 1,256,13,13: batch, channels, height and width of the map, in the order of layout';
  if (text === null) {
    throw new Refusal(
      400,
      'missing-dims',
      `neither the query's dims nor the header x-dims is there, which must be ${example}`,
    );
  }
  const dims = text.split(',').map(readCount);
  if (![3, 4].includes(dims.length) || dims.some((size) => !size)) {
    throw new Refusal(400, 'invalid-dims', `dims is ${quote(text)}, but must be ${example}`);
  }
  return dims as number[];
}

/** A whole number from 1 up. */
function readCount(text: string): number | undefined {
  return /^[1-9]\d{0,8}$/.test(text.trim()) ? Number(text) : undefined;
}

function checkSize(dims: number[], levels: Level[], layout: Layout): void {
  const bins = levels.reduce<number>((sum, level) => sum + product(level as Grid), 0);
  const [height, width] = layout === 'NCHW' ? dims.slice(-2) : dims.slice(-3, -1);
  const planes = product(dims) / ((height as number) * (width as number));
  checkBytes('the map', product(dims) * FLOAT_BYTES);
  checkBytes('the vector', planes * bins * FLOAT_BYTES);
}

function checkBytes(what: string, bytes: number): void {
  if (bytes > MOST_BYTES) {
    throw new Refusal(413, 'too-large', `${what} takes ${bytes} bytes, but at most ${MOST_BYTES} are taken`);
  }
}

/** The body, which must have this many bytes: more of them are not read. */
async function readBody(request: Request, length: number, dims: number[]): Promise<Uint8Array<ArrayBuffer>> {
  const wrong = (found: string) =>
    new Refusal(
      400,
      'invalid-body',
      `the body has ${found} bytes, but dims ${dims} need ${length}: four for each element`,
    );
  const stated = request.headers.get('content-length');
  if (stated !== null && Number(stated) !== length) throw wrong(stated);
  const bytes = new Uint8Array(length);
  let read = 0;
  for await (const chunk of request.body ?? emptyBody) {
    if (read + chunk.length > length) throw wrong(`more than ${length}`);
    bytes.set(chunk, read);
    read += chunk.length;
  }
  if (read !== length) throw wrong(`${read}`);
  return bytes;
}

const emptyBody: Iterable<Uint8Array> = [];

const product = (sizes: readonly number[]) => sizes.reduce((all, size) => all * size, 1);

/** What was sent, cut short: it goes into an answer. */
const quote = (text: string) => JSON.stringify(text.slice(0, 60));
