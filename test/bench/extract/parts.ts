/** The parts of the work on one image, on one thread, and all of it as the tool's threads do it. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tensor } from 'onnxruntime-web';
import { createRuntime } from 'pyramid-pool';
import type { EngineName, Job, Row } from '../../../extract/ts/core/settings.js';
import { decodeImage, type Pixels, readHeader } from '../../../extract/ts/images/decode.js';
import { toFloats } from '../../../extract/ts/images/tensor.js';
import { loadEngine } from '../../../extract/ts/model/engine.js';
import { createMapPool } from '../../../extract/ts/model/map-pool.js';
import { openModel } from '../../../extract/ts/model/network.js';
import { writePart } from '../../../extract/ts/parts/write-part.js';
import { ImageVectors } from '../../../extract/ts/threads/image-vectors.js';
import { makePart } from '../../../extract/ts/threads/part.js';
import { LEVELS } from './workload.js';

const images = {
  longestSide: undefined,
  maxPixels: undefined,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  order: 'RGB',
  layout: 'NCHW',
  background: '#ffffff',
} as const;

const pooling = { kind: 'pyramid', levels: LEVELS, reduction: 'max' } as const;

/** Milliseconds of a processor for one image: others that compute at the same time do not count. */
export interface Parts {
  readonly decode: number;
  readonly network: number;
  readonly pooling: number;
  readonly write: number;
  /** All of it, by the loop of the tool's threads. */
  readonly whole: number;
}

/** So many images are done before those that count. */
const WARM_UP = 5;
const MOST_WARM_UP = 30;

/** Milliseconds of a processor for an item, and what came of each. */
async function timeEach<T, R>(items: readonly T[], work: (item: T) => R | Promise<R>) {
  const results: R[] = [];
  for (const item of items.slice(0, WARM_UP)) await work(item);
  const before = process.cpuUsage();
  for (const item of items) results.push(await work(item));
  return { milliseconds: since(before) / items.length, results };
}

function since(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

export async function timeParts(
  folder: string,
  names: readonly string[],
  model: string,
  out: string,
): Promise<Parts> {
  mkdirSync(out);
  const decoded = await timeEach(names, (name) => decode(join(folder, name)));
  const run = await openNetwork(model);
  // Meanwhile the engine's WASM is compiled a second time, for speed.
  await timeEach(decoded.results, run);
  const ran = await timeEach(decoded.results, run);
  const pool = await createMapPool(pooling, await createRuntime({ variant: 'simd' }));
  const pooled = await timeEach(ran.results, ({ data, dims }) => pool({ data: data as Float32Array, dims }));
  const rows = pooled.results.map((vector, i): Row => ({ id: names[i]!, width: 1, height: 1, vector }));
  const written = await timeEach([1, 2, 3, 4], (i) => writePart(out, `part-${i}`, rows, []));
  return {
    decode: decoded.milliseconds,
    network: ran.milliseconds,
    pooling: pooled.milliseconds,
    write: written.milliseconds / rows.length,
    whole: await timeWhole(folder, names, { model, engine: 'web', out }),
  };
}

/** Milliseconds of a processor for an image, by the loop of the tool's threads. */
export async function timeWhole(
  root: string,
  names: readonly string[],
  made: { readonly model: string; readonly engine: EngineName; readonly out: string },
): Promise<number> {
  const settings = { images, pooling, at: undefined, column: undefined, partSize: names.length };
  const job: Job = { root, ...made, settings, bytesPerPixel: 0 };
  const limits = { share: 1e9, most: 1e9 };
  const runtime = await createRuntime({ variant: 'simd' });
  const maker = await ImageVectors.open(job, runtime, limits, { large: async () => {} });
  const make = (name: string, paths: readonly string[]) =>
    makePart(maker, { name, pieces: paths.map((path) => ({ path, bytes: 0 })) }, made.out, () => {});
  await make('part-warm-up', names.slice(0, MOST_WARM_UP));
  const before = process.cpuUsage();
  await make('part-whole', names);
  const milliseconds = since(before) / names.length;
  await maker.dispose();
  return milliseconds;
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

interface Decoded {
  readonly pixels: Pixels;
  readonly floats: Float32Array;
}

async function decode(file: string): Promise<Decoded> {
  const header = await readHeader(readFileSync(file));
  const pixels = await decodeImage(header, header.size, { channels: 3, background: images.background });
  return { pixels, floats: toFloats(pixels, 3, images) };
}

/** The model without a pool. */
async function openNetwork(model: string): Promise<(image: Decoded) => Promise<Tensor>> {
  const engine = await loadEngine('web');
  const runtime = await createRuntime({ variant: 'simd' });
  const network = await openModel(model, engine, runtime, {});
  return async ({ pixels: { width, height }, floats }) => {
    const image = new engine.ort.Tensor('float32', floats, [1, 3, height, width]);
    return Object.values(await network.run({ image }))[0] as Tensor;
  };
}
