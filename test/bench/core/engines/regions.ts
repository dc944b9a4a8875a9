import { createRoiPyramidPool, type DataType, type ResidentTensor, type Runtime } from 'pyramid-pool';
import { alignRule } from '../align.js';
import { binsOf } from '../case.js';
import type { PreparedEngine } from '../engine.js';
import { PIXELS } from '../regions.js';
import type { Workload } from '../workload.js';

/** The package's pool of regions, over tensors that live in WASM memory. */
export async function prepareRegions(
  runtime: Runtime,
  workload: Workload,
  async: boolean,
): Promise<PreparedEngine | undefined> {
  const { case: c, operation } = workload;
  if (operation === 'arrays') return undefined;
  const how = c.samplingRatio
    ? ({ rule: 'roi-align', ...alignRule(c) } as const)
    : { spatialScale: 1 / PIXELS };
  const pool = await createRoiPyramidPool({ levels: c.levels, ...how, runtime });
  const tensors: ResidentTensor[] = [];
  const make = <T extends DataType>(dims: readonly number[], type: T, data?: Float32Array) => {
    const tensor = runtime.tensor(dims, type);
    tensors.push(tensor);
    if (data) tensor.data.set(data);
    return tensor;
  };
  const outputDims = [c.regions as number, c.dims[1] * binsOf(c)];
  const maps = workload.maps.map((map) => make(c.dims, 'float32', map));
  const regions = workload.regions.map((data) => make([c.regions as number, 5], 'float32', data));
  const output = make(outputDims, 'float32');
  const prepared = (run: (i: number) => unknown, answer: PreparedEngine['answer']): PreparedEngine => ({
    run(turn) {
      const result = run(turn % maps.length);
      return result instanceof Promise ? result : undefined;
    },
    answer,
    dispose() {
      for (const tensor of tensors) tensor.dispose();
      pool.dispose();
    },
  });

  if (operation === 'forward') {
    const forward = async ? pool.forwardAsync.bind(pool) : pool.forward.bind(pool);
    const options = { out: output };
    return prepared(
      (i) => forward(maps[i]!, regions[i]!, options),
      () => [output.data],
    );
  }
  const withIndices = async ? pool.forwardWithIndicesAsync.bind(pool) : pool.forwardWithIndices.bind(pool);
  if (operation === 'indices') {
    const indices = make(outputDims, 'int32');
    const options = { out: { output, indices } };
    return prepared(
      (i) => withIndices(maps[i]!, regions[i]!, options),
      () => [output.data, indices.data],
    );
  }
  const gradients = workload.gradients.map((data) => make(outputDims, 'float32', data));
  const contexts = maps.map((map, i) => {
    if (c.samplingRatio) return { dims: c.dims, rois: regions[i]! };
    const indices = make(outputDims, 'int32');
    pool.forwardWithIndices(map, regions[i]!, { out: { output, indices } });
    return { dims: c.dims, rois: regions[i]!, indices };
  });
  const out = make(c.dims, 'float32');
  const backward = async ? pool.backwardAsync.bind(pool) : pool.backward.bind(pool);
  return prepared(
    (i) => backward(gradients[i]!, contexts[i]!, { out }),
    () => [out.data],
  );
}
