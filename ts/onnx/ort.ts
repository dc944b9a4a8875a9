/** What is used of ONNX Runtime, which is the caller's: onnxruntime-web, onnxruntime-node or another one with the same API. */
import { describeValue, fail } from '../arguments/checks.js';

// biome-ignore lint/suspicious/noExplicitAny: what the caller's ONNX Runtime says of its own types, which differ between its versions
type Theirs = any;

/** A tensor of ONNX Runtime. */
export interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
  /** `cpu`, or where else its data are. */
  readonly location?: string;
  /** Fetches the data from where they are. */
  getData?(release?: boolean): Promise<unknown>;
  /** Frees what the tensor holds outside ordinary memory. */
  dispose?(): void;
}

/** What a session says of a value. */
export interface OrtMetadata {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  readonly shape?: readonly (number | string)[];
}

/** A session of ONNX Runtime, as it makes one of a model. */
export interface OrtSession {
  /** Runs the model once over named tensors. */
  run(feeds: Theirs, options?: Theirs): Promise<Theirs>;
  /** Frees what the session holds. */
  release(): Promise<void>;
  readonly outputMetadata?: readonly OrtMetadata[];
}

/** A module of ONNX Runtime, such as `import * as ort from 'onnxruntime-web'`. */
export interface OrtModule {
  readonly InferenceSession: {
    /** Makes a session of a model's bytes. */
    create(model: Uint8Array, options?: Theirs): Promise<OrtSession>;
  };
  readonly Tensor: new (type: Theirs, data: Theirs, dims?: readonly number[]) => OrtTensor;
}

/** The sessions of a module. */
type SessionOf<O extends OrtModule> = Awaited<ReturnType<O['InferenceSession']['create']>>;

/** What its sessions are made with. */
export type SessionOptionsOf<O extends OrtModule> = NonNullable<
  Parameters<O['InferenceSession']['create']>[1]
>;

/** What its sessions are fed. */
export type FeedsOf<O extends OrtModule> = Parameters<SessionOf<O>['run']>[0];

/** What its sessions give. */
export type ResultsOf<O extends OrtModule> = Awaited<ReturnType<SessionOf<O>['run']>>;

/** The session options that matter here. */
export interface KnownSessionOptions {
  readonly executionProviders?: readonly (string | { readonly name: string })[];
  readonly externalData?: readonly (string | { readonly path: string })[];
  readonly preferredOutputLocation?: unknown;
}

export function checkOrt(ort: unknown): OrtModule {
  const { InferenceSession, Tensor } = (ort ?? {}) as Partial<OrtModule>;
  if (typeof InferenceSession?.create === 'function' && typeof Tensor === 'function') return ort as OrtModule;
  fail(
    'invalid-options',
    'options.ort',
    `is ${describeValue(ort)}`,
    "ONNX Runtime: import * as ort from 'onnxruntime-web', or onnxruntime-node",
  );
}

/** Providers whose tensors are in ordinary memory. */
const onCpu = ['cpu', 'wasm', 'xnnpack'];

/** The first provider that keeps tensors elsewhere, or undefined. */
export function otherProvider({ executionProviders = [] }: KnownSessionOptions): string | undefined {
  const names = executionProviders.map((it) => (typeof it === 'string' ? it : it.name));
  return names.find((name) => !onCpu.includes(name));
}

/** The elements of a tensor, fetched where they are elsewhere. */
export async function dataOf(tensor: OrtTensor): Promise<ArrayBufferView> {
  const isElsewhere = tensor.location !== undefined && !/^(cpu|cpu-pinned)$/.test(tensor.location);
  return (isElsewhere && tensor.getData ? await tensor.getData() : tensor.data) as ArrayBufferView;
}
