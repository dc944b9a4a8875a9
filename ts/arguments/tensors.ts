import { messageOf, PyramidPoolError } from '../core/errors.js';
import { isBuffer } from '../core/realm.js';
import { countElements, type DataType, dataTypes, type RawArray } from '../core/tensor.js';
import { arrayName, bufferOf, byteOffsetOf, lengthOf } from '../core/typed-array.js';
import { unproxied } from '../core/unproxied.js';
import { checkDims, describeValue, fail, withArticle } from './checks.js';
import { dataHint, tensorMistake, unreadableHint } from './hints.js';

/** A tensor of a call: as the caller gave it, and its parts, which were read once and found to fit each other. */
export interface CheckedTensor<T extends DataType = DataType> {
  readonly value: object;
  /** Its name in messages. */
  readonly path: string;
  readonly type: T;
  readonly data: ArrayBufferView;
  readonly dims: readonly number[];
  /** Number of elements. */
  readonly size: number;
  /** Where the data stood when it was checked. */
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
}

/** A tensor of one of some types, as long as its sizes say. */
export function checkTensor<T extends DataType>(
  value: unknown,
  path: string,
  types: readonly T[],
): CheckedTensor<T> {
  if (typeof value !== 'object' || value === null) failTensor(value, path, types);
  const { data, dims: sizes, type } = readParts(value as TensorParts, path);
  if (sizes === undefined) failTensor(value, path, types);
  const dims = checkDims(sizes, `${path}.dims`);
  if (type === undefined || !(types as readonly DataType[]).includes(type)) failData(data, path, types);
  const view = data as ArrayBufferView;
  const size = countElements(dims);
  const tensor = {
    value,
    path,
    type: type as T,
    data: view,
    dims,
    size,
    buffer: bufferOf(view),
    byteOffset: byteOffsetOf(view),
  };
  checkLength(tensor);
  return tensor;
}

/** Fails for what is no tensor, and says what to write instead where that is known. */
function failTensor(value: unknown, path: string, types: readonly DataType[]): never {
  const mistake = tensorMistake(value, path, arrayOf(types[0] as DataType));
  const must = 'a tensor: an object with data and dims';
  if (mistake || typeof value !== 'object' || value === null) {
    const was = `is ${mistake?.is ?? describeValue(value)}`;
    fail('invalid-data', path, was, mistake ? `${must}; ${mistake.instead}` : must);
  }
  fail('invalid-dims', `${path}.dims`, 'is undefined', 'an array of sizes, such as [1, 256, 13, 13]');
}

/** Fails for elements that are not in an array of one of some types. */
function failData(data: unknown, path: string, types: readonly DataType[]): never {
  const isBits = arrayName(data) === 'Uint16Array' && types.includes('float16');
  const hint = isBits
    ? ", or have the type 'float16' beside it if it holds halves"
    : dataHint(data, `${path}.data`, arrayOf(types[0] as DataType));
  fail('invalid-data', `${path}.data`, `is ${describeValue(data)}`, `${oneOf(types)}${hint}`);
}

const typesByTag = /* @__PURE__ */ new Map<string | undefined, DataType>(
  /* @__PURE__ */ (Object.keys(dataTypes) as DataType[]).flatMap((name) =>
    dataTypes[name].tags.map((tag) => [tag, name]),
  ),
);

/** The element type of arrays of a name. Plain 16-bit words are halves only where their tensor says so. */
function typeOf(name: string | undefined, stated: unknown): DataType | undefined {
  return name === 'Uint16Array' && stated !== 'float16' ? undefined : typesByTag.get(name);
}

function oneOf(types: readonly DataType[]): string {
  return withArticle(
    types
      .map(arrayOf)
      .join(', ')
      .replace(/, (\w+)$/, ' or $1'),
  );
}

/** The name of the arrays of a type. */
function arrayOf(type: DataType): string {
  return dataTypes[type].tags[0];
}

/** The elements in the array that copies of their type go through: a plain one, whatever class theirs has. */
export function rawArray({ type, data }: Pick<CheckedTensor, 'type' | 'data'>): RawArray {
  const { raw } = dataTypes[type];
  const length = lengthOf(data);
  // A buffer that is detached has none, and no array can be made over it.
  if (length === 0) return new raw();
  return new raw(bufferOf(data) as ArrayBuffer, byteOffsetOf(data), length);
}

interface TensorParts {
  readonly data: unknown;
  readonly dims: unknown;
  readonly type?: unknown;
}

/**
 * The parts of a tensor, each read once, and the element type of its data if that is known. Tensors of other libraries throw where their
 * data are on a GPU, or gone.
 */
function readParts(
  tensor: TensorParts,
  path: string,
): Pick<TensorParts, 'data' | 'dims'> & { type: DataType | undefined } {
  try {
    const { data, dims, type } = unproxied(tensor);
    const name = arrayName(data);
    if (isPolyfilledHalf(data, name)) return { data: readBits(data), dims, type: 'float16' };
    return { data, dims, type: typeOf(name, type) };
  } catch (cause) {
    if (cause instanceof PyramidPoolError) throw cause;
    const hint = unreadableHint(tensor, path);
    throw new PyramidPoolError('invalid-data', `${path}.data cannot be read: ${messageOf(cause)}${hint}`, {
      cause,
    });
  }
}

/**
 * Whether it is a `Float16Array` of a polyfill: no view for the language, but a proxy of one, or a class over the bits.
 * Views of any other kind are what they are, whatever they are called. `name` is that of an array.
 */
function isPolyfilledHalf(data: unknown, name: string | undefined): data is Uint16Array {
  const isOtherView = name === undefined ? ArrayBuffer.isView(data) : name !== 'Uint16Array';
  if (isOtherView || Object.prototype.toString.call(data) !== '[object Float16Array]') return false;
  return name !== undefined || isBuffer((data as Uint16Array).buffer);
}

/** The bits of polyfilled halves, in the memory they lie in. */
function readBits(halves: Uint16Array): Uint16Array {
  // A buffer that is detached has none, and no array can be made over it.
  if (halves.length === 0) return new Uint16Array();
  return new Uint16Array(halves.buffer, halves.byteOffset, halves.length);
}

/** Fails unless an array has the elements that its sizes need, now: its buffer may be detached or resized any time. */
export function checkLength({
  data,
  dims,
  size,
  path,
}: Pick<CheckedTensor, 'data' | 'dims' | 'size' | 'path'>): void {
  const length = lengthOf(data);
  if (length === size) return;
  const detached =
    length === 0 && bufferOf(data).byteLength === 0 ? ' (its buffer is empty or detached)' : '';
  throw new PyramidPoolError(
    'invalid-data',
    `${path}.data has ${length} elements${detached}, but dims [${dims.join(', ')}] need ${size}`,
  );
}
