/** Images a second that one core makes by models of different cost: what the sizing table of docs/extract.md has. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import onnxProto from 'onnx-proto';
import { createRuntime } from 'pyramid-pool';
import type { EngineName } from '../../../extract/ts/core/settings.js';
import { engineVersion, loadEngine } from '../../../extract/ts/model/engine.js';
import { openModel } from '../../../extract/ts/model/network.js';
import { mobilenetV2, resnet18, resnet50 } from './backbones.js';
import { timeWhole } from './parts.js';
import { makeModel, SIZE, writePhotos } from './workload.js';

export interface Sizing {
  readonly name: string;
  readonly multiplyAdds: number;
  /** Images a second of a core, by each engine that is installed. */
  readonly rates: Readonly<Partial<Record<EngineName, number>>>;
}

const digits = fileURLToPath(new URL('../../../demo/backbone/digits.onnx', import.meta.url));

const models: Record<string, () => Uint8Array> = {
  "the demo's digits, two convolutions": () => readFileSync(digits),
  'four convolutions': makeModel,
  MobileNetV2: mobilenetV2,
  'ResNet-18': resnet18,
  'ResNet-50': resnet50,
};

export const engines = (['web', 'node'] as const).filter((name) => engineVersion(name) !== undefined);

/** A model is measured for about so long, over so many images at least and at most. */
const MILLISECONDS = 4000;
const [FEWEST, MOST] = [8, 200];

export async function measureSizes(folder: string): Promise<Sizing[]> {
  const photos = join(folder, 'photos');
  const names = await writePhotos(photos, MOST);
  const sizings: Sizing[] = [];
  for (const [name, make] of Object.entries(models)) {
    const model = join(folder, `${sizings.length}.onnx`);
    writeFileSync(model, make());
    const rates: Partial<Record<EngineName, number>> = {};
    for (const engine of engines) {
      const out = join(folder, `${sizings.length} ${engine}`);
      mkdirSync(out);
      const measure = (count: number) => timeWhole(photos, names.slice(0, count), { model, engine, out });
      const count = Math.round(MILLISECONDS / (await measure(FEWEST)));
      rates[engine] = 1000 / (await measure(Math.min(MOST, Math.max(FEWEST, count))));
    }
    sizings.push({ name, multiplyAdds: await countMultiplyAdds(model), rates });
    console.log(JSON.stringify(sizings.at(-1)));
  }
  return sizings;
}

/** Multiply-adds of a model's convolutions over one image: of each element of what they give, as many as a filter has weights. */
async function countMultiplyAdds(file: string): Promise<number> {
  const { graph } = onnxProto.onnx.ModelProto.decode(readFileSync(file));
  const dims = new Map(graph?.initializer?.map((it) => [it.name, it.dims!.map(Number)]));
  const filters = new Map(
    graph?.node
      ?.filter(({ opType }) => opType === 'Conv')
      .map(({ input, output }) => [
        output![0]!,
        dims
          .get(input![1]!)!
          .slice(1)
          .reduce((a, b) => a * b, 1),
      ]),
  );
  const { ort, ...engine } = await loadEngine('web');
  const runtime = await createRuntime({ variant: 'simd' });
  const network = await openModel(file, { ort, ...engine }, runtime, { outputs: [...filters.keys()] });
  const channels = Number(network.values.find(({ name }) => name === 'image')!.dims![1]);
  const shape = [1, channels, SIZE.height, SIZE.width];
  const zeros = new Float32Array(channels * SIZE.height * SIZE.width);
  const maps = await network.run({ image: new ort.Tensor('float32', zeros, shape) });
  const counts = [...filters].map(([name, weights]) => weights * maps[name]!.data.length);
  await network.dispose();
  return counts.reduce((a, b) => a + b, 0);
}
