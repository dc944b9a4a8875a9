import { readFile } from 'node:fs/promises';
import type { Tensor } from 'onnxruntime-web';
import type { Runtime } from 'pyramid-pool';
import { createModel, type ModelValue, type OnnxModel } from 'pyramid-pool/onnx';
import { ExtractError, messageOf } from '../core/errors.js';
import type { ImageSettings, Job } from '../core/settings.js';
import type { Pixels } from '../images/decode.js';
import type { Size } from '../images/size.js';
import { toBytes, toFloats } from '../images/tensor.js';
import { type Engine, loadEngine } from './engine.js';
import { createMapPool, type MapPool } from './map-pool.js';
import { readWeights } from './weights.js';

/** A model that makes vectors of images. */
export class Network {
  /** How many channels its images have: 3, or 1 for a model of grey images. */
  readonly channels: number;
  readonly #model: OnnxModel;
  readonly #engine: Engine;
  readonly #images: ImageSettings;
  readonly #input: ModelValue;
  readonly #pool: MapPool | undefined;
  /** Where images are put for the model: memory that is used again need not be cleared by the system each time. */
  #floats = new Float32Array(0);

  private constructor(model: OnnxModel, engine: Engine, images: ImageSettings, pool: MapPool | undefined) {
    this.#model = model;
    this.#engine = engine;
    this.#images = images;
    this.#pool = pool;
    this.#input = inputOf(model);
    this.channels = channelsOf(this.#input, images);
    if (model.outputNames.length !== 1) {
      throw new ExtractError(
        `the model has ${model.outputNames.length} outputs (${model.outputNames.join(', ')}): name the one that is wanted by --at`,
      );
    }
  }

  static async open(job: Pick<Job, 'model' | 'engine' | 'settings'>, runtime: Runtime): Promise<Network> {
    const { images, pooling, at } = job.settings;
    const engine = await loadEngine(job.engine!);
    const outputs = at === undefined ? {} : { outputs: [at] };
    const chosen =
      pooling.kind === 'pyramid'
        ? {
            pyramid: {
              levels: pooling.levels,
              reduction: pooling.reduction,
              ...(at === undefined ? {} : { at }),
            },
          }
        : outputs;
    const model = await openModel(job.model!, engine, runtime, chosen);
    const pool = pooling.kind === 'rmac' ? await createMapPool(pooling, runtime) : undefined;
    return new Network(model, engine, images!, pool);
  }

  /** The vector of an image. */
  async vectorOf(pixels: Pixels): Promise<Float32Array> {
    return this.vectorOfTensor(this.tensorOf(pixels));
  }

  /** The tensor that the model takes of an image, until the next one is asked for. */
  tensorOf(pixels: Pixels): Tensor {
    const { Tensor } = this.#engine.ort;
    const { channels } = this;
    const { width, height } = pixels;
    const dims = this.#images.layout === 'NCHW' ? [1, channels, height, width] : [1, height, width, channels];
    return this.#input.type === 'uint8'
      ? new Tensor('uint8', toBytes(pixels, channels, this.#images), dims)
      : new Tensor('float32', toFloats(pixels, channels, this.#images, this.#floatsFor(pixels)), dims);
  }

  #floatsFor({ width, height }: Size): Float32Array<ArrayBuffer> {
    const count = width * height * this.channels;
    if (this.#floats.length < count) this.#floats = new Float32Array(count);
    return this.#floats.subarray(0, count);
  }

  async vectorOfTensor(tensor: Tensor): Promise<Float32Array> {
    const results = await this.#model.run({ [this.#input.name]: tensor });
    const output = results[this.#model.outputNames[0]!] as Tensor;
    try {
      return this.#readVector(output);
    } finally {
      output.dispose?.();
    }
  }

  #readVector(output: Tensor): Float32Array {
    const name = this.#model.outputNames[0];
    const { data, dims } = output;
    if (!(data instanceof Float32Array)) {
      throw new ExtractError(`the model gives '${name}' as ${output.type}: float32 is needed`);
    }
    if (this.#pool) {
      checkMap(name, dims, '--rmac');
      return this.#pool({ data, dims });
    }
    if (dims[0] !== 1 || dims.slice(2).some((size) => size !== 1)) {
      throw new ExtractError(
        `the model gives '${name}' as [${dims.join(', ')}], which is no vector: put a pyramid on it, such as --levels 4,2,1`,
      );
    }
    // The engine may use the array again.
    return data.slice();
  }

  dispose(): Promise<void> {
    return this.#model.dispose();
  }
}

/** Opens a model file with its weights. */
export async function openModel(
  file: string,
  { ort, session }: Engine,
  runtime: Runtime,
  options: { pyramid?: object; outputs?: readonly string[] },
): Promise<OnnxModel> {
  try {
    const externalData = await readWeights(file);
    const withWeights = externalData.length > 0 ? { ...session, externalData } : session;
    return (await createModel(await readFile(file), {
      ort,
      runtime,
      session: withWeights,
      ...(options as object),
    })) as unknown as OnnxModel;
  } catch (error) {
    throw new ExtractError(`${file}: ${inOptionsOfTheCommand(messageOf(error))}`, undefined, {
      cause: error,
    });
  }
}

/** The library names its options: here they are those of the command. */
const inOptionsOfTheCommand = (message: string) =>
  message
    .replace(/options\.pyramid\.at|options\.outputs\[0\]/g, '--at')
    .replace(/options\.pyramid\.(levels|reduction)/g, '--$1');

function inputOf({ inputNames, values }: OnnxModel): ModelValue {
  if (inputNames.length !== 1) {
    throw new ExtractError(
      `the model has ${inputNames.length} inputs (${inputNames.join(', ')}): only models of one input, the image, are run`,
    );
  }
  const input = values.find(({ name }) => name === inputNames[0])!;
  if (input.type !== undefined && input.type !== 'float32' && input.type !== 'uint8') {
    throw new ExtractError(`the model takes '${input.name}' as ${input.type}: float32 or uint8 is needed`);
  }
  return input;
}

function channelsOf({ name, dims }: ModelValue, { layout }: ImageSettings): number {
  if (!dims) return 3;
  const shown = `[${dims.join(', ')}]`;
  if (dims.length !== 4)
    throw new ExtractError(`the model takes '${name}' as ${shown}: images are of rank 4`);
  const size = dims[layout === 'NCHW' ? 1 : 3];
  if (typeof size !== 'number') return 3;
  if (size === 1 || size === 3) return size;
  const other = layout === 'NCHW' ? 'NHWC' : 'NCHW';
  throw new ExtractError(
    `the model takes '${name}' as ${shown}: as ${layout} it has ${size} channels, but images have 3 or 1; try --layout ${other}`,
  );
}

export function checkMap(name: string | undefined, dims: readonly number[], option: string): void {
  if (dims.length === 4 && dims[0] === 1) return;
  throw new ExtractError(
    `the model gives '${name}' as [${dims.join(', ')}], but ${option} needs a map [1, channels, height, width]: name one by --at`,
  );
}

/** Sizes that a model takes, where it takes one alone. */
export function fixedSize(
  { values, inputNames }: OnnxModel,
  layout: ImageSettings['layout'],
): Size | undefined {
  const dims = values.find(({ name }) => name === inputNames[0])?.dims;
  const [height, width] = layout === 'NCHW' ? [dims?.[2], dims?.[3]] : [dims?.[1], dims?.[2]];
  return typeof height === 'number' && typeof width === 'number' ? { height, width } : undefined;
}
