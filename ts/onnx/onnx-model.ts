/** A model that was cut at its pools: sessions of ONNX Runtime, and the package's kernels between them. */
import { describeValue } from '../arguments/checks.js';
import { hasCode, messageOf, PyramidPoolError } from '../core/errors.js';
import { Unproxied, unproxied } from '../core/unproxied.js';
import { checkFeeds, type ModelInput, readInputs } from './feeds.js';
import { KernelPyramid } from './kernel-pyramid.js';
import { type CheckedModelOptions, checkModelOptions, type ModelOptions } from './options.js';
import type { FeedsOf, OrtModule, OrtSession, OrtTensor, ResultsOf } from './ort.js';
import { type ModelValue, type Plan, type PoolInfo, planModel } from './plan.js';
import { openSessions } from './sessions.js';
import { type ModelSource, openModel } from './source.js';
import { stack } from './stack.js';

/** A stage that can run: the session of its part, and the pyramids after it. */
interface RunnableStage {
  readonly session: OrtSession | undefined;
  readonly inputs: readonly string[];
  readonly pyramids: readonly KernelPyramid[];
}

type Values = Map<string, OrtTensor>;

/** An ONNX model whose pools are run by the package's kernels. Made by `createModel`. */
export class OnnxModel<O extends OrtModule = OrtModule> extends Unproxied {
  /** Names of the inputs that `run` must be given. */
  readonly inputNames: readonly string[];
  /** Names of the values that `run` gives. */
  readonly outputNames: readonly string[];
  /** The pools that were found, and how each is run. */
  readonly pools: readonly PoolInfo[];
  /** All values of the graph, by whose names `outputs` and `pyramid.at` ask for them. */
  readonly values: readonly ModelValue[];
  readonly #inputs: readonly ModelInput[];
  readonly #ort: OrtModule;
  /** Calls under way: sessions are released after them. */
  readonly #running = new Set<Promise<unknown>>();
  #stages: readonly RunnableStage[] | undefined;
  #batches: boolean;

  constructor(plan: Plan, sessions: readonly (OrtSession | undefined)[], options: CheckedModelOptions) {
    super();
    this.#ort = options.ort;
    this.#inputs = readInputs(plan.model.graph);
    this.inputNames = Object.freeze(this.#inputs.filter((it) => !it.isOptional).map(({ name }) => name));
    this.outputNames = Object.freeze(plan.model.graph.outputs.map(({ name }) => name));
    this.pools = Object.freeze([...plan.pools]);
    this.values = Object.freeze([...plan.values]);
    this.#stages = plan.stages.map(({ part, pyramids }, i) => ({
      session: sessions[i],
      inputs: part?.inputs ?? [],
      pyramids: pyramids.map((it) => new KernelPyramid(it, options.runtime)),
    }));
    this.#batches = canBatch(plan) && this.#stages[0]!.pyramids.every((it) => it.takesSeveral);
  }

  /**
   * Runs the model. Feeds and results are as `InferenceSession.run` has them: tensors of ONNX Runtime by name.
   *
   * Throws `invalid-feeds` where a feed is missing, has no such name, or has another type or size than the model takes;
   * `session-failed` where ONNX Runtime fails.
   */
  async run(feeds: FeedsOf<O>, options?: object): Promise<ResultsOf<O>> {
    const model = unproxied(this);
    const values = checkFeeds(feeds, model.#inputs, 'feeds');
    return model.#track(() => model.#runOne(values, options));
  }

  /**
   * Runs the model for several feeds, such as images of different sizes, and gives outputs with a row for each item. The maps
   * are pooled together, and what follows the pools runs once, for all of them, where it depends on the pools alone.
   */
  async runAll(feeds: readonly FeedsOf<O>[], options?: object): Promise<ResultsOf<O>> {
    if (!Array.isArray(feeds) || feeds.length === 0) {
      throw new PyramidPoolError(
        'invalid-feeds',
        `feeds is ${describeValue(feeds)}, but must be an array of feeds`,
      );
    }
    const model = unproxied(this);
    const items = feeds.map((it, i) => checkFeeds(it, model.#inputs, `feeds[${i}]`));
    return model.#track(async () => {
      const batched = model.#batches && items.length > 1 ? await model.#runBatch(items, options) : undefined;
      if (batched) return batched;
      const results: ResultsOf<O>[] = [];
      for (const item of items) results.push(await model.#runOne(item, options));
      return model.#stackAll(results as Record<string, OrtTensor>[]);
    });
  }

  /** Releases the sessions. Calls that are under way are waited for. The runtime of the kernels goes on. */
  async dispose(): Promise<void> {
    const model = unproxied(this);
    const stages = model.#stages;
    if (!stages) return;
    model.#stages = undefined;
    await Promise.allSettled(model.#running);
    for (const { pyramids } of stages) for (const pyramid of pyramids) pyramid.dispose();
    await Promise.all(stages.map(({ session }) => session?.release()));
  }

  /** The same as `dispose()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  get [Symbol.toStringTag](): string {
    return 'OnnxModel';
  }

  async #track<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#stages) throw new PyramidPoolError('disposed', 'the model was disposed');
    const running = work();
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async #runOne(values: Values, options: object | undefined): Promise<ResultsOf<O>> {
    const stages = this.#stages ?? [];
    for (const stage of stages) {
      await runPart(stage, values, options);
      await this.#pool(stage, [values], values);
    }
    return this.#results(values) as ResultsOf<O>;
  }

  /** Runs what comes before the pools for each item, and the rest for all of them; undefined where the rest takes no batch. */
  async #runBatch(items: readonly Values[], options: object | undefined): Promise<ResultsOf<O> | undefined> {
    const [first, ...rest] = this.#stages as [RunnableStage, ...RunnableStage[]];
    for (const item of items) await runPart(first, item, options);
    const values: Values = new Map();
    await this.#pool(first, items, values);
    const rows = [...values.values()][0]!.dims[0];
    try {
      for (const stage of rest) {
        await runPart(stage, values, options);
        await this.#pool(stage, [values], values);
      }
    } catch (error) {
      if (!hasCode(error, 'session-failed')) throw error;
      return this.#noBatch();
    }
    const results: Record<string, OrtTensor> = {};
    for (const name of this.outputNames) {
      const batched = values.get(name);
      if (batched && batched.dims[0] !== rows) return this.#noBatch();
      const single = items.map((item) => item.get(name)!);
      results[name] = batched ?? (await stack(name, single, this.#ort));
    }
    return results as ResultsOf<O>;
  }

  /** The rest of the model is made for one item: it is not tried again. */
  #noBatch(): undefined {
    this.#batches = false;
  }

  async #pool({ pyramids }: RunnableStage, from: readonly Values[], to: Values): Promise<void> {
    for (const pyramid of pyramids) {
      const maps = from.map((values) => values.get(pyramid.pyramid.input)!);
      for (const { name, type, data, dims } of await pyramid.run(maps)) {
        to.set(name, new this.#ort.Tensor(type, data, dims));
      }
    }
  }

  #results(values: Values): Record<string, OrtTensor> {
    const finals = new Set(this.outputNames);
    for (const [name, tensor] of values) {
      const isFed = this.#inputs.some((input) => input.name === name);
      // Memory of a GPU is freed by hand.
      if (!finals.has(name) && !isFed && tensor.location?.startsWith('gpu')) tensor.dispose?.();
    }
    return Object.fromEntries(this.outputNames.map((name) => [name, values.get(name)!]));
  }

  async #stackAll(results: readonly Record<string, OrtTensor>[]): Promise<ResultsOf<O>> {
    const stacked = this.outputNames.map(
      async (name) =>
        [
          name,
          await stack(
            name,
            results.map((it) => it[name]!),
            this.#ort,
          ),
        ] as const,
    );
    return Object.fromEntries(await Promise.all(stacked)) as ResultsOf<O>;
  }
}

/** Runs the session of a stage, and adds what it makes to the values. */
async function runPart(
  { session, inputs }: RunnableStage,
  values: Values,
  options: object | undefined,
): Promise<void> {
  if (!session) return;
  const feeds: Record<string, OrtTensor> = {};
  for (const name of inputs) {
    const value = values.get(name);
    if (value) feeds[name] = value;
  }
  try {
    const made = await session.run(feeds, ...(options === undefined ? [] : [options]));
    for (const [name, tensor] of Object.entries(made)) values.set(name, tensor as OrtTensor);
  } catch (cause) {
    throw new PyramidPoolError(
      'session-failed',
      `ONNX Runtime could not run the model: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
}

/** Whether what follows the first pools depends on them alone. */
function canBatch({ stages: [first, ...rest], model }: Plan): boolean {
  if (!first || first.pyramids.length === 0) return false;
  const known = new Set(first.pyramids.flatMap(({ pools }) => pools.map(({ output }) => output)));
  const stored = new Set(model.graph.initializers.map(({ name }) => name));
  for (const { part, pyramids } of rest) {
    if (part?.inputs.some((name) => !known.has(name) && !stored.has(name))) return false;
    for (const name of part?.outputs ?? []) known.add(name);
    if (pyramids.some(({ input }) => !known.has(input))) return false;
    for (const { pools } of pyramids) for (const { output } of pools) known.add(output);
  }
  return true;
}

/**
 * Makes a model of an ONNX file: cut at its pools, which the package's kernels run, while ONNX Runtime runs the rest.
 *
 * @returns a model that runs as a session of ONNX Runtime does: named tensors in, named tensors out
 *
 * @example
 * ```js
 * import { readFileSync } from 'node:fs';
 * import * as ort from 'onnxruntime-web';
 * import { createModel } from 'pyramid-pool/onnx';
 *
 * const model = await createModel(readFileSync('backbone.onnx'), { ort, pyramid: { levels: [4, 2, 1] } });
 * const image = new ort.Tensor('float32', new Float32Array(2 * 33 * 47), [1, 2, 33, 47]);
 * const { vector } = await model.run({ image });
 * console.log(vector.dims); // [ 1, 105 ]
 * await model.dispose();
 * ```
 * @throws `PyramidPoolError` with the code `invalid-model` where the file is none or is damaged, `unsupported-model` where it uses another version of the
 * operators, `missing-data` where weights beside it were not given, `unknown-value` where an option names a value that does not
 * exist, `session-failed` where ONNX Runtime refuses the model.
 */
export async function createModel<O extends OrtModule>(
  source: ModelSource,
  options: ModelOptions<O>,
): Promise<OnnxModel<O>> {
  const checked = checkModelOptions(options);
  const plan = planModel(await openModel(source), checked);
  return new OnnxModel<O>(plan, await openSessions(plan, checked), checked);
}
