/** Vectors of images by the library's own calls, one after the other. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as ort from 'onnxruntime-web';
import { createModel, type ModelOptions } from 'pyramid-pool/onnx';
import { sharp } from './photos.js';

export const model = fileURLToPath(new URL('../interop/onnx/documented/model.onnx', import.meta.url));

const [mean, deviation] = [
  [0.485, 0.456, 0.406],
  [0.229, 0.224, 0.225],
];

type Output = Awaited<ReturnType<Awaited<ReturnType<typeof createModel>>['run']>>[string];

/** What a model makes of each image of a folder, scaled as ImageNet's were. */
export async function referenceOutputs(
  folder: string,
  paths: readonly string[],
  options: Partial<ModelOptions> = {},
): Promise<Map<string, Output>> {
  ort.env.wasm.numThreads = 1;
  const network = await createModel(readFileSync(model), { ort, ...options });
  const outputs = new Map<string, Output>();
  for (const path of paths) {
    const results = await network.run({ image: await tensorOf(join(folder, path)) });
    outputs.set(path, results[network.outputNames[0]!]!);
  }
  await network.dispose();
  return outputs;
}

/** The vector of each. */
export async function referenceVectors(
  folder: string,
  paths: readonly string[],
  options?: Partial<ModelOptions>,
): Promise<Map<string, Float32Array>> {
  const outputs = await referenceOutputs(folder, paths, options);
  return new Map([...outputs].map(([path, { data }]) => [path, data as Float32Array]));
}

async function tensorOf(file: string): Promise<ort.Tensor> {
  const { data, info } = await sharp(file, { failOn: 'error' })
    .autoOrient()
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const plane = info.width * info.height;
  const values = Float32Array.from({ length: 3 * plane }, (_, i) => {
    const channel = Math.floor(i / plane);
    const value = data[info.channels * (i % plane) + (info.channels === 3 ? channel : 0)]!;
    return (value / 255 - mean[channel]!) / deviation[channel]!;
  });
  return new ort.Tensor('float32', values, [1, 3, info.height, info.width]);
}
