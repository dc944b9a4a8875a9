/** The parts of the work on one image, on one thread: how long each takes. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tensor } from 'onnxruntime-web';
import { createRuntime } from 'pyramid-pool';
import type { ImageSettings, Row } from '../../../extract/ts/core/settings.js';
import { decodeImage, readHeader } from '../../../extract/ts/images/decode.js';
import { toFloats } from '../../../extract/ts/images/tensor.js';
import { loadEngine } from '../../../extract/ts/model/engine.js';
import { createMapPool } from '../../../extract/ts/model/map-pool.js';
import { openModel } from '../../../extract/ts/model/network.js';
import { writePart } from '../../../extract/ts/parts/write-part.js';
import { LEVELS } from './workload.js';

const images: ImageSettings = {
  longestSide: undefined,
  maxPixels: undefined,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  order: 'RGB',
  layout: 'NCHW',
  background: '#ffffff',
};

/** Milliseconds for one image. */
export interface Parts {
  readonly decode: number;
  readonly network: number;
  readonly pooling: number;
  readonly write: number;
}

const WARM_UP = 3;

export async function timeParts(folder: string, names: readonly string[], model: string, out: string) {
  const run = await openNetwork(model);
  const runtime = await createRuntime({ variant: 'simd' });
  const pool = await createMapPool({ kind: 'pyramid', levels: LEVELS, reduction: 'max' }, runtime);
  const sums = { decode: 0, network: 0, pooling: 0 };
  const rows: Row[] = [];
  for (const [i, id] of names.entries()) {
    if (i === WARM_UP) Object.assign(sums, { decode: 0, network: 0, pooling: 0 });
    const began = performance.now();
    const image = await decode(join(folder, id));
    const decoded = performance.now();
    const map = await run(image);
    const ran = performance.now();
    const vector = pool({ data: map.data as Float32Array, dims: map.dims });
    const pooled = performance.now();
    rows.push({ id, width: image.width, height: image.height, vector });
    sums.decode += decoded - began;
    sums.network += ran - decoded;
    sums.pooling += pooled - ran;
  }
  mkdirSync(out);
  await writePart(out, 'part-warm-up', rows, []);
  const began = performance.now();
  await writePart(out, 'part-timed', rows, []);
  const count = names.length - WARM_UP;
  return {
    decode: sums.decode / count,
    network: sums.network / count,
    pooling: sums.pooling / count,
    write: (performance.now() - began) / names.length,
  } satisfies Parts;
}

/** Runs the network alone for so many seconds. Returns images a second. */
export async function rateOfNetwork(
  folder: string,
  name: string,
  model: string,
  seconds: number,
): Promise<number> {
  const run = await openNetwork(model);
  const image = await decode(join(folder, name));
  for (let i = 0; i < WARM_UP; i++) await run(image);
  const began = performance.now();
  let count = 0;
  for (; performance.now() - began < 1000 * seconds; count++) await run(image);
  return (1000 * count) / (performance.now() - began);
}

async function decode(file: string) {
  const header = await readHeader(readFileSync(file));
  const pixels = await decodeImage(header, header.size, { channels: 3, background: images.background });
  return { ...header.size, floats: toFloats(pixels, 3, images) };
}

/** The model without a pool. */
async function openNetwork(model: string) {
  const engine = await loadEngine('web');
  const runtime = await createRuntime({ variant: 'simd' });
  const network = await openModel(model, engine, runtime, {});
  return async ({ width, height, floats }: Awaited<ReturnType<typeof decode>>): Promise<Tensor> => {
    const image = new engine.ort.Tensor('float32', floats, [1, 3, height, width]);
    return Object.values(await network.run({ image }))[0] as Tensor;
  };
}
