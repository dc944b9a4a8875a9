/** Parts of small graphs with pools, pictures to run them on, and the check that all ways to run a model agree. */
import * as ort from 'onnxruntime-web';
import { createModel, type ModelOptions, makePortable } from 'pyramid-pool/onnx';
import { expectNear, type Feeds } from './onnx-files.js';
import { node, numbers, type Parts, value, weights } from './onnx-graphs.js';

export const image = value('image', ['n', 3, 'h', 'w']);
export const conv = (input: string, filters: string, output: string) =>
  node('Conv', [input, filters], [output], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] });
export const max = (input: string, output: string, size: number[]) =>
  node('pyramid_pool::AdaptiveMaxPool', [input], [output], { output_size: size });
export const average = (input: string, output: string, size: number[]) =>
  node('pyramid_pool::AdaptiveAveragePool', [input], [output], { output_size: size });

export const picture = (height: number, width: number, batch = 1, seed = 3) =>
  new ort.Tensor('float32', numbers(batch * 3 * height * width, seed), [batch, 3, height, width]);

export const sizes = [picture(13, 17), picture(7, 5, 2), picture(2, 3)];

type Options = Partial<Omit<ModelOptions, 'ort'>>;

/** Runs a model cut, by bodies, and whole with bodies as functions and inlined: all must agree. */
export async function expectSame(bytes: Uint8Array<ArrayBuffer>, feeds: Feeds[], options: Options = {}) {
  const cut = await createModel(bytes, { ort, ...options });
  const bodies = await createModel(bytes, { ort, ...options, pooling: 'bodies' });
  const whole = options.outputs
    ? []
    : [
        await ort.InferenceSession.create(makePortable(bytes)),
        await ort.InferenceSession.create(makePortable(bytes, { inline: true })),
      ];
  for (const feed of [...feeds, ...feeds]) {
    const results = (await cut.run(feed)) as Record<string, ort.Tensor>;
    for (const other of [bodies, ...whole]) {
      expectNear(results, (await other.run(feed)) as Record<string, ort.Tensor>);
    }
  }
  return cut.pools;
}

export const feedImages = sizes.map((it) => ({ image: it }));

/** A graph with a value that skips the cut, and weights used on both sides of it. */
export const skipping: Parts = {
  input: [image],
  output: [value('sum', undefined)],
  initializer: [weights('filters', [3, 3, 3, 3])],
  node: [
    conv('image', 'filters', 'map'),
    max('map', 'pooled', [2, 3]),
    conv('pooled', 'filters', 'again'),
    node('ReduceMax', ['again'], ['peak'], { axes: [2, 3], keepdims: 1 }),
    node('Add', ['map', 'peak'], ['sum']),
  ],
};
