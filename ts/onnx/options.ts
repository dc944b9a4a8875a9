/** Options of `createModel` and `makePortable`, checked. */
import { checkOneOf, checkOptions, describeValue, fail, mapList } from '../arguments/checks.js';
import { type OutputOrder, outputOrders } from '../arguments/feature-map.js';
import { checkLevels, type Level } from '../arguments/levels.js';
import type { Reduction } from '../pools/options.js';
import { checkRuntime } from '../pools/options.js';
import type { Runtime } from '../runtime/runtime.js';
import { checkOrt, type KnownSessionOptions, type OrtModule, type SessionOptionsOf } from './ort.js';
import type { PyramidRequest } from './prepare.js';

/** Who pools: the package's kernels, or the bodies of the operators, in ONNX Runtime. */
export type Pooling = 'auto' | 'kernels' | 'bodies';

/** A pyramid to be put on a value of a model. */
export interface PyramidOption {
  /** As for `createPyramidPool`. */
  levels: readonly Level[];
  /** Name of the value to pool, `[N, C, H, W]`; by default the model's output, if it has one alone. */
  at?: string;
  /** Default `'max'`. */
  reduction?: Reduction;
  /** As for `createPyramidPool`: the order of the values in a row of `vector`. Default `'levels'`. */
  outputOrder?: OutputOrder;
}

/** Options of `createModel`. */
export interface ModelOptions<O extends OrtModule = OrtModule> {
  /** ONNX Runtime: `import * as ort from 'onnxruntime-web'`, or onnxruntime-node. */
  ort: O;
  /** Where the kernels run; by default one runtime that all pools share. */
  runtime?: Runtime;
  /** Options of the sessions, as `ort.InferenceSession.create` takes them; external data among them. */
  session?: SessionOptionsOf<O>;
  /** Default `'auto'`: kernels, but bodies for sessions whose tensors are not on the CPU, as WebGPU's are. */
  pooling?: Pooling;
  /** Values that `run` gives, in place of the model's outputs: any value of the graph, by its name. */
  outputs?: readonly string[];
  /** Puts a pyramid on a value: the model then gives `vector`, and runs no further than it has to. */
  pyramid?: PyramidOption;
}

export interface CheckedModelOptions {
  readonly ort: OrtModule;
  readonly runtime: Runtime | undefined;
  readonly session: KnownSessionOptions;
  readonly pooling: Pooling;
  readonly outputs: readonly string[] | undefined;
  readonly pyramid: PyramidRequest | undefined;
}

const poolings: readonly Pooling[] = ['auto', 'kernels', 'bodies'];

export function checkModelOptions(options: unknown): CheckedModelOptions {
  if (options === undefined) {
    fail(
      'invalid-options',
      'options',
      'is missing',
      "an object with ort: { ort } of import * as ort from 'onnxruntime-web'",
    );
  }
  const names = ['ort', 'runtime', 'session', 'pooling', 'outputs', 'pyramid'] as const;
  const { runtime, session, ...checked } = checkOptions(options as ModelOptions, 'options', names);
  if (runtime !== undefined) checkRuntime(runtime);
  if (session !== undefined && (typeof session !== 'object' || session === null)) {
    fail(
      'invalid-options',
      'options.session',
      `is ${describeValue(session)}`,
      'the options of an InferenceSession',
    );
  }
  return {
    ort: checkOrt(checked.ort),
    runtime,
    session: (session ?? {}) as KnownSessionOptions,
    pooling: checkOneOf(checked.pooling ?? 'auto', 'options.pooling', poolings),
    outputs: checkOutputs(checked.outputs),
    pyramid: checkPyramid(checked.pyramid),
  };
}

function checkOutputs(outputs: unknown): readonly string[] | undefined {
  if (outputs === undefined) return undefined;
  if (!Array.isArray(outputs) || outputs.length === 0) {
    fail('invalid-options', 'options.outputs', `is ${describeValue(outputs)}`, 'an array of names of values');
  }
  const names = mapList(outputs, 'options.outputs', 'invalid-options', (name, i) => {
    if (typeof name === 'string') return name;
    fail('invalid-options', `options.outputs[${i}]`, `is ${describeValue(name)}`, 'the name of a value');
  });
  return [...new Set(names)];
}

export function checkPyramid(pyramid: unknown): PyramidRequest | undefined {
  if (pyramid === undefined) return undefined;
  const path = 'options.pyramid';
  const checked = checkOptions(pyramid as PyramidOption, path, ['levels', 'at', 'reduction', 'outputOrder']);
  const { at } = checked;
  if (at !== undefined && typeof at !== 'string') {
    fail('invalid-options', `${path}.at`, `is ${describeValue(at)}`, 'the name of a value');
  }
  return {
    levels: checkLevels(checked.levels, `${path}.levels`),
    reduction: checkOneOf(checked.reduction ?? 'max', `${path}.reduction`, ['max', 'average']),
    outputOrder: checkOneOf(checked.outputOrder ?? 'levels', `${path}.outputOrder`, outputOrders),
    at,
  };
}
