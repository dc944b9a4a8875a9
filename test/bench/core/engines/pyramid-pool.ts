import {
  createPyramidPool,
  createRuntime,
  type DataType,
  type Layout,
  type PyramidPool,
  type ResidentTensor,
  type Runtime,
  type RuntimeOptions,
} from 'pyramid-pool';
import type { Engine, PreparedEngine } from '../engine.js';
import { fromNhwc, outputFromNhwc, outputToNhwc, toNhwc } from '../layout.js';
import type { Workload } from '../workload.js';
import { prepareRegions } from './regions.js';

export interface PoolEngineOptions extends RuntimeOptions {
  readonly layout?: Layout;
  /** Whether to call the methods that do not block: on a page only they use threads. */
  readonly async?: boolean;
}

/** The package itself, in a runtime of its own. */
export function poolEngine({ layout = 'NCHW', async = false, ...options }: PoolEngineOptions): Engine {
  let made: Promise<Runtime> | undefined;
  const { variant = 'auto', threads } = options;
  const isAuto = variant === 'auto';
  const count = variant === 'simd-threads' ? `:${threads ?? 'auto'}` : '';
  const what = isAuto ? 'what is chosen where no variant is given' : `the ${variant} variant`;
  return {
    name: `${variant}${count}${layout === 'NHWC' ? '-nhwc' : ''}`,
    kind: 'pyramid-pool',
    about: `${what}${count ? ` with ${threads} threads` : ''}, ${layout}`,
    async prepare(workload) {
      made ??= createRuntime(options);
      const runtime = await made;
      const isOther = !isAuto && runtime.variant !== variant;
      if (isOther || runtime.threads !== (threads ?? runtime.threads)) return undefined;
      if (workload.case.regions)
        return layout === 'NCHW' ? prepareRegions(runtime, workload, async) : undefined;
      const pool = await createPyramidPool({ levels: workload.case.levels, layout, runtime });
      const prepared = workload.operation === 'arrays' ? prepareArrays : prepareResident;
      return prepared(pool, workload, async);
    },
    dispose: () => void made?.then((runtime) => runtime.dispose()),
  };
}

/** Turns maps and outputs to the pool's layout and back. */
function turnTo(layout: Layout, workload: Workload) {
  const c = workload.case;
  const [batch, channels, height, width] = c.dims;
  const isNhwc = layout === 'NHWC';
  return {
    dims: isNhwc ? [batch, height, width, channels] : c.dims,
    map: (map: Float32Array) => (isNhwc ? toNhwc(map, c) : map),
    mapBack: (map: Float32Array) => (isNhwc ? fromNhwc(map, c) : map.slice()),
    output: (output: Float32Array) => (isNhwc ? outputToNhwc(output, c) : output),
    outputBack: <T extends Float32Array | Int32Array>(output: T) =>
      isNhwc ? outputFromNhwc(output, c) : (output.slice() as T),
  };
}

/** The pool's methods, which block or do not. */
function methodsOf(pool: PyramidPool, async: boolean) {
  return async
    ? {
        forward: pool.forwardAsync.bind(pool),
        indices: pool.forwardWithIndicesAsync.bind(pool),
        backward: pool.backwardAsync.bind(pool),
      }
    : {
        forward: pool.forward.bind(pool),
        indices: pool.forwardWithIndices.bind(pool),
        backward: pool.backward.bind(pool),
      };
}

/** Plain arrays in, plain arrays out. */
function prepareArrays(pool: PyramidPool, workload: Workload, async: boolean): PreparedEngine {
  const turned = turnTo(pool.options.layout, workload);
  const { forward } = methodsOf(pool, async);
  const inputs = workload.maps.map((map) => ({ data: turned.map(map), dims: turned.dims }));
  let output: { data: Float32Array } | undefined;
  const keep = (result: { data: Float32Array }) => {
    output = result;
  };
  return {
    run(turn) {
      const result = forward(at(inputs, turn));
      return result instanceof Promise ? result.then(keep) : keep(result);
    },
    answer: () => (output ? [turned.outputBack(output.data)] : []),
    dispose: () => pool.dispose(),
  };
}

/** Tensors that live in WASM memory: nothing is copied or allocated. */
function prepareResident(pool: PyramidPool, workload: Workload, async: boolean): PreparedEngine {
  const turned = turnTo(pool.options.layout, workload);
  const { dims } = turned;
  const outputDims = pool.outputDims(dims);
  const tensors: ResidentTensor[] = [];
  const make = <T extends DataType>(dims: readonly number[], type: T, data?: Float32Array) => {
    const tensor = pool.runtime.tensor(dims, type);
    tensors.push(tensor);
    if (data) tensor.data.set(data);
    return tensor;
  };
  const methods = methodsOf(pool, async);
  const maps = workload.maps.map((map) => make(dims, 'float32', turned.map(map)));
  const [output, indices] = [make(outputDims, 'float32'), make(outputDims, 'int32')];
  const prepared = (run: (turn: number) => unknown, answer: PreparedEngine['answer']): PreparedEngine => ({
    run(turn) {
      const result = run(turn);
      return result instanceof Promise ? result : undefined;
    },
    answer,
    dispose() {
      for (const tensor of tensors) tensor.dispose();
      pool.dispose();
    },
  });

  if (workload.operation === 'forward') {
    const options = { out: output };
    return prepared(
      (turn) => methods.forward(at(maps, turn), options),
      () => [turned.outputBack(output.data)],
    );
  }
  if (workload.operation === 'indices') {
    const options = { out: { output, indices } };
    return prepared(
      (turn) => methods.indices(at(maps, turn), options),
      () => [turned.outputBack(output.data), turned.outputBack(indices.data)],
    );
  }
  const gradients = workload.gradients.map((data) => make(outputDims, 'float32', turned.output(data)));
  const contexts = maps.map((map) => {
    const indices = make(outputDims, 'int32');
    pool.forwardWithIndices(map, { out: { output, indices } });
    return { dims, indices };
  });
  const out = make(dims, 'float32');
  const options = { out };
  return prepared(
    (turn) => methods.backward(at(gradients, turn), at(contexts, turn), options),
    () => [turned.mapBack(out.data)],
  );
}

const at = <T>(list: readonly T[], turn: number): T => list[turn % list.length] as T;
