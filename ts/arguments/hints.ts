/** Values that are often given by mistake, and what to write instead. */
import { isBuffer } from '../core/realm.js';
import { unproxied } from '../core/unproxied.js';

/** A value that is met in place of another: its name with an article, and what to write instead. */
export interface Mistake {
  readonly is: string;
  readonly instead: string;
}

type Parts = Partial<Record<string, unknown>>;

const images = /^\[object (HTML(Canvas|Image|Video)Element|ImageBitmap|OffscreenCanvas|VideoFrame)\]$/;

/** A promise, in place of anything else. */
export function promiseMistake(value: unknown): Mistake | undefined {
  if (typeof partsOf(value).then !== 'function') return undefined;
  return { is: 'a promise', instead: 'await it first, or all of a list by await Promise.all(list)' };
}

/** What is met in place of a tensor. What its getters throw is left to whoever reads the tensor. */
export function tensorMistake(value: unknown, path: string, array: string): Mistake | undefined {
  if (ArrayBuffer.isView(value)) {
    return {
      is: 'an array of elements',
      instead: `write { data: ${path}, dims: [...] }, with its sizes as dims`,
    };
  }
  try {
    return promiseMistake(value) ?? listMistake(value, path, array) ?? objectMistake(partsOf(value), path);
  } catch {
    return undefined;
  }
}

/** A list, or a number that is an element of one. */
function listMistake(value: unknown, path: string, array: string): Mistake | undefined {
  const list = path.replace(/\[\d+\]$/, '');
  const isList = Array.isArray(value);
  if (isList && partsOf(value[0]).dims) {
    const instead = list === path ? `take one, such as ${path}[0]` : `write ${list}.flat()`;
    return { is: 'a list of tensors', instead };
  }
  if (!isList && (typeof value !== 'number' || list === path)) return undefined;
  return {
    is: isList ? 'an array' : `${value}`,
    instead: `write { data: ${array}.from(${list}.flat(Infinity)), dims: [...] }, with its sizes as dims`,
  };
}

/** An object that is no tensor: it has no `dims`. */
function objectMistake(value: Parts, path: string): Mistake | undefined {
  const { dims, shape, dataSync, width, height } = value;
  if (dims !== undefined) return undefined;
  if (typeof dataSync === 'function') {
    return {
      is: 'a tensor of TensorFlow.js',
      instead: `write { data: ${path}.dataSync(), dims: ${path}.shape } for a pool with layout: 'NHWC', or use spatialPyramidPool of 'pyramid-pool/tfjs'`,
    };
  }
  if (images.test(Object.prototype.toString.call(value)))
    return { is: 'an image', instead: 'draw it on a canvas and give what getImageData gives, with dims' };
  if (!value.data) return namedMistake(value, path);
  if (shape !== undefined) {
    return {
      is: 'an array with a shape',
      instead: `write { data: ${path}.data, dims: ${path}.shape }`,
    };
  }
  if (typeof width !== 'number' || typeof height !== 'number') return undefined;
  return {
    is: 'an image of pixels',
    instead: `write { data: ${path}.data, dims: [${path}.height, ${path}.width, 4] } for a pool with layout: 'NHWC'`,
  };
}

/** The results of a session of ONNX Runtime, or values and their indices: tensors by name. */
function namedMistake(value: Parts, path: string): Mistake | undefined {
  const names = Object.keys(value).filter((name) => partsOf(value[name]).dims !== undefined);
  const [name] = names;
  if (name === undefined) return undefined;
  const key = /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
  return {
    is: `an object of tensors by name (${names.join(', ')})`,
    instead: `take one, such as ${path}${key}`,
  };
}

/** What to write where the elements of a tensor cannot be read, since they are not in memory that is. */
export function unreadableHint(value: object, path: string): string {
  try {
    const { location, getData } = value as Parts;
    if (typeof getData !== 'function' || location === 'cpu') return '';
    return `; where they are on a GPU, write { data: await ${path}.getData(), dims: ${path}.dims }, or make the session with preferredOutputLocation: 'cpu'`;
  } catch {
    return '';
  }
}

/** What to write instead of elements that are not in a typed array of the right type: one of the type `array`. */
export function dataHint(data: unknown, path: string, array: string): string {
  if (promiseMistake(data)) return '; await it first';
  if (isBuffer(data)) return `; write new ${array}(${path})`;
  if (Array.isArray(data)) return `; write ${array}.from(${path}.flat(Infinity))`;
  // What is to be written to must be such an array itself.
  if (!ArrayBuffer.isView(data) || data instanceof DataView || path.startsWith('options.')) return '';
  return `; ${array}.from(${path}, Number) makes one`;
}

/** What is met in place of a runtime. */
export function runtimeHint(value: unknown): string {
  const { kind, runtime, variant, threads } = partsOf(value);
  if (typeof value === 'string') return `; write await createRuntime({ variant: '${value.slice(0, 40)}' })`;
  if (kind === 'pyramid-pool runtime') return '; write await attachRuntime(handle)';
  if (typeof partsOf(runtime).tensor === 'function') return '; write pool.runtime';
  const isOptions = variant !== undefined || threads !== undefined;
  return isOptions ? '; give these options to createRuntime, and await what it gives' : '';
}

/** What is met in place of the options of a call or of a pool. */
export function optionsHint(options: unknown, known: readonly string[]): string {
  if (Array.isArray(options)) {
    if (known.includes('levels')) return '; write { levels: [4, 2, 1] }';
    return known.includes('indices') ? '; write { output, indices }' : '';
  }
  if (!known.includes('out') || partsOf(options).dims === undefined) return '';
  return '; a tensor to write to is given as { out: tensor }, and several maps as a list';
}

function partsOf(value: unknown): Parts {
  return (typeof value === 'object' || typeof value === 'function' ? (unproxied(value) ?? {}) : {}) as Parts;
}
