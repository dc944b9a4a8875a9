import type { Grid, Layout, Level, OutputOrder, TensorLike } from 'pyramid-pool';
import { readBody } from './body.js';
import { MOST_MAP_BYTES } from './limits.js';
import { mediaType, quote, readCount, readQuery } from './query.js';
import { Refusal } from './refusal.js';

const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT;

/** What a request asks for. */
export interface PoolingRequest {
  readonly levels: Level[];
  readonly layout: Layout;
  readonly outputOrder: OutputOrder;
  readonly map: TensorLike;
}

/** Reads a request, or refuses it. The body is read last: what can be refused without it is. */
export async function readMapRequest(request: Request): Promise<PoolingRequest> {
  const query = readQuery(request, ['dims', 'levels', 'layout', 'outputOrder']);
  const layout = readLayout(query.get('layout') ?? 'NCHW');
  const outputOrder = readOrder(query.get('outputOrder') ?? 'levels');
  const levels = readLevels(query.get('levels') ?? '4,2,1');
  const dims = readDims(query.get('dims') ?? request.headers.get('x-dims'));
  checkType(request);
  checkSize(dims, levels, layout);
  const bytes = await readMap(request, product(dims) * FLOAT_BYTES, dims);
  return { levels, layout, outputOrder, map: { data: new Float32Array(bytes.buffer), dims } };
}

function checkType(request: Request): void {
  const type = mediaType(request.headers);
  if (type === 'application/octet-stream') return;
  const found = type ?? 'of no stated type';
  throw new Refusal(415, 'unsupported-type', `the body is ${found}, but must be application/octet-stream`);
}

function readLayout(text: string): Layout {
  if (text === 'NCHW' || text === 'NHWC') return text;
  throw new Refusal(400, 'invalid-layout', `layout is ${quote(text)}, but must be NCHW or NHWC`);
}

function readOrder(text: string): OutputOrder {
  if (text === 'levels' || text === 'channels') return text;
  throw new Refusal(400, 'invalid-order', `outputOrder is ${quote(text)}, but must be levels or channels`);
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

function checkSize(dims: number[], levels: Level[], layout: Layout): void {
  const bins = levels.reduce<number>((sum, level) => sum + product(level as Grid), 0);
  const [height, width] = layout === 'NCHW' ? dims.slice(-2) : dims.slice(-3, -1);
  const planes = product(dims) / ((height as number) * (width as number));
  checkBytes('the map', product(dims) * FLOAT_BYTES);
  checkBytes('the vector', planes * bins * FLOAT_BYTES);
}

function checkBytes(what: string, bytes: number): void {
  if (bytes > MOST_MAP_BYTES) {
    throw new Refusal(
      413,
      'too-large',
      `${what} takes ${bytes} bytes, but at most ${MOST_MAP_BYTES} are taken`,
    );
  }
}

/** The body, which must have this many bytes. */
async function readMap(request: Request, length: number, dims: number[]): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readBody(request, length).catch((error) => {
    throw error instanceof Refusal && error.code === 'too-large' ? wrong(`more than ${length}`) : error;
  });
  if (bytes.length === length) return bytes;
  throw wrong(`${bytes.length}`);

  function wrong(found: string): Refusal {
    const needed = `dims ${dims} need ${length}: four for each element`;
    return new Refusal(400, 'invalid-body', `the body has ${found} bytes, but ${needed}`);
  }
}

const product = (sizes: readonly number[]) => sizes.reduce((all, size) => all * size, 1);
