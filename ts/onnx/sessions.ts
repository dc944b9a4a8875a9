/** A session for each part of a model. */
import { messageOf, PyramidPoolError } from '../core/errors.js';
import { addBodies } from './bodies.js';
import type { Part } from './cut.js';
import type { Model, Named } from './model.js';
import { FLOAT, FLOAT16 } from './operators.js';
import type { CheckedModelOptions } from './options.js';
import type { KnownSessionOptions, OrtMetadata, OrtSession } from './ort.js';
import { partModel } from './parts.js';
import type { Plan } from './plan.js';
import { externalFiles, tensorType } from './tensor-proto.js';
import { describeValues, elementTypes, readValueInfo } from './value-info.js';
import { makeValue, UNKNOWN, writeModel } from './write.js';

/** Makes the sessions of a plan, one for each stage that has a part. */
export async function openSessions(
  plan: Plan,
  options: CheckedModelOptions,
): Promise<(OrtSession | undefined)[]> {
  checkExternalData(plan.model, options.session);
  const types = new ValueTypes(plan.model);
  const count = plan.stages.filter(({ part }) => part).length;
  const sessions: (OrtSession | undefined)[] = [];
  try {
    for (const { part, pyramids } of plan.stages) {
      const session = part && (await openSession(plan, part, options, types, count));
      sessions.push(session);
      types.learn(session?.outputMetadata ?? []);
      for (const { input, pools } of pyramids) for (const { output } of pools) types.derive(output, input);
    }
    return sessions;
  } catch (error) {
    await Promise.all(sessions.map((session) => session?.release()));
    throw error;
  }
}

async function openSession(
  { model }: Plan,
  part: Part,
  { ort, session }: CheckedModelOptions,
  types: ValueTypes,
  count: number,
): Promise<OrtSession> {
  const made = addBodies(
    partModel(model, part, (name) => types.describe(name)),
    model,
  );
  const options = sessionOptions(session, made, part, model);
  try {
    return await ort.InferenceSession.create(writeModel(made), options);
  } catch (cause) {
    const which = count === 1 ? '' : ` (of its ${count} parts the one that makes '${part.outputs[0]}')`;
    throw new PyramidPoolError(
      'session-failed',
      `ONNX Runtime made no session of the model${which}: ${messageOf(cause)}`,
      { cause },
    );
  }
}

/** The caller's options, as far as they concern this part. */
function sessionOptions(
  session: KnownSessionOptions,
  made: Model,
  part: Part,
  whole: Model,
): KnownSessionOptions {
  const { externalData, preferredOutputLocation: location, ...rest } = session;
  const files = externalFiles(made);
  const data = externalData?.filter((it) => files.has(pathOf(it)));
  const finals = new Set(whole.graph.outputs.map(({ name }) => name));
  const locations =
    typeof location === 'string'
      ? Object.fromEntries(part.outputs.map((name) => [name, finals.has(name) ? location : 'cpu']))
      : location;
  return {
    ...rest,
    ...(data && data.length > 0 ? { externalData: data } : {}),
    ...(locations === undefined ? {} : { preferredOutputLocation: locations }),
  };
}

const isSize = (size: number) => size >= 0 && size < 2 ** 31;

const pathOf = (file: string | { readonly path: string }) => (typeof file === 'string' ? file : file.path);

function checkExternalData(model: Model, { externalData = [] }: KnownSessionOptions): void {
  const externalPaths = new Set(externalData.map(pathOf));
  const missing = [...externalFiles(model)].filter((file) => !externalPaths.has(file));
  if (missing.length === 0) return;
  const some = missing.slice(0, 3).map((file) => `'${file}'`);
  throw new PyramidPoolError(
    'missing-data',
    `the model's weights are in ${some.join(', ')}${missing.length > 3 ? ', …' : ''}: give options.session.externalData, such as [{ path: ${some[0]}, data: bytes or a URL }]`,
  );
}

/** What is known of the values that go from part to part: sessions want to be told the type of each input. */
class ValueTypes {
  readonly #described: Map<string, Named>;
  readonly #usual: number;

  constructor({ graph }: Model) {
    this.#described = describeValues(graph);
    this.#usual = graph.initializers.some((it) => tensorType(it) === FLOAT16) ? FLOAT16 : FLOAT;
  }

  /** Takes over what a session says of its outputs. */
  learn(values: readonly OrtMetadata[]): void {
    for (const { name, isTensor, type, shape } of values) {
      const elementType = isTensor && type !== undefined ? elementTypes[type] : undefined;
      if (elementType === undefined || this.#isKnown(name)) continue;
      // ONNX Runtime Web gives -1 for what it does not know, as an unsigned number.
      const dims = shape?.map((size) => (typeof size === 'string' || isSize(size) ? size : UNKNOWN));
      this.#described.set(name, makeValue(name, elementType, dims));
    }
  }

  /** What is pooled keeps its element type. */
  derive(output: string, input: string): void {
    if (this.#isKnown(output)) return;
    this.#described.set(output, makeValue(output, this.#typeOf(input) ?? this.#usual, undefined));
  }

  describe(name: string): Named {
    return this.#isKnown(name) ? this.#described.get(name)! : makeValue(name, this.#usual, undefined);
  }

  #isKnown(name: string): boolean {
    return this.#typeOf(name) !== undefined;
  }

  #typeOf(name: string): number | undefined {
    const described = this.#described.get(name);
    return described && readValueInfo(described).elementType;
  }
}
