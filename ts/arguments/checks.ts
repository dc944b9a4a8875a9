import { messageOf, PyramidPoolError, type PyramidPoolErrorCode } from '../core/errors.js';
import { isBuffer } from '../core/realm.js';
import { countElements, type DataType, dataTypes, type RawArray } from '../core/tensor.js';
import { unproxied } from '../core/unproxied.js';
import { dataHint, optionsHint, promiseMistake, tensorMistake, unreadableHint } from './hints.js';

/** A tensor whose parts were read once and found to fit each other. */
export interface CheckedTensor<T extends DataType = DataType> {
  readonly type: T;
  readonly data: ArrayBufferView;
  readonly dims: readonly number[];
  /** Where the data stood when it was checked. */
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
}

/** The way a value is shown in a message: short. */
export function describeValue(value: unknown): string {
  return Array.isArray(value) ? `[${showSome(value)}]` : showOne(value);
}

function showSome(values: readonly unknown[]): string {
  const length = isLength(values.length) ? values.length : 0;
  const some = Array.from({ length: Math.min(length, 8) }, (_, i) => showOne(values[i])).join(', ');
  return length > 8 ? `${some}, …` : some;
}

function showOne(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 40 ? `${value.slice(0, 40)}…` : value}'`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'symbol') return 'a symbol';
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object' || value === null) return String(value);
  return ArrayBuffer.isView(value) ? `a ${tagOf(value) ?? 'DataView'}` : 'an object';
}

export function fail(code: PyramidPoolErrorCode, path: string, was: string, must: string): never {
  throw new PyramidPoolError(code, `${path} ${was}, but must be ${must}`);
}

/** An object, or an empty one where nothing was given; anything else, or a name that is not known, is an error. */
export function checkOptions<T extends object>(
  options: T | undefined,
  path: string,
  known: readonly (keyof T & string)[],
): Partial<T> {
  if (options === undefined) return {};
  const promise = promiseMistake(options);
  if (promise) fail('invalid-options', path, `is ${promise.is}`, `an object; ${promise.instead}`);
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    const hint = Array.isArray(options) ? optionsHint(options, known) : '';
    fail('invalid-options', path, `is ${describeValue(options)}`, `an object${hint}`);
  }
  const unknown = Object.keys(options).find((name) => !(known as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new PyramidPoolError(
      'invalid-options',
      `${path}.${unknown} is not an option; there are ${known.join(', ')}${optionsHint(options, known)}`,
    );
  }
  return options;
}

export function checkOneOf<T extends string>(value: unknown, path: string, choices: readonly T[]): T {
  if (!choices.includes(value as T)) {
    fail(
      'invalid-options',
      path,
      `is ${describeValue(value)}`,
      `${choices.length > 1 ? 'one of ' : ''}${choices.map(describeValue).join(', ')}`,
    );
  }
  return value as T;
}

/**
 * What `read` makes of each element of a list. Elements are read once and by index: a list may have holes, be of a class
 * with ideas of its own, or have an iterator that never ends.
 */
export function mapList<R>(
  list: ArrayLike<unknown>,
  path: string,
  code: PyramidPoolErrorCode,
  read: (element: unknown, i: number) => R,
  most = MOST_ELEMENTS,
): R[] {
  const length = checkListLength(list, path, code, most);
  // A plain loop: calls come by here several times.
  const all: R[] = [];
  for (let i = 0; i < length; i++) all.push(read(list[i], i));
  return all;
}

function checkListLength(
  { length }: { readonly length: unknown },
  path: string,
  code: PyramidPoolErrorCode,
  most: number,
): number {
  if (!isLength(length))
    fail(code, `${path}.length`, `is ${describeValue(length)}`, 'a whole number from 0 up');
  if (length > most) fail(code, path, `has ${length} elements`, `of at most ${most}`);
  return length;
}

/** No array is longer. */
const MOST_ELEMENTS = 2 ** 32 - 1;

function isLength(length: unknown): length is number {
  return typeof length === 'number' && Number.isInteger(length) && length >= 0;
}

/** No tensor here has more axes: a longer list is a mistake, and not worth copying. */
const MOST_AXES = 8;

/** Sizes of a tensor: whole numbers from 0 up. A copy, so that nothing can change them afterwards. */
export function checkDims(dims: unknown, path: string): readonly number[] {
  const isList = Array.isArray(dims) || (ArrayBuffer.isView(dims) && tagOf(dims) !== undefined);
  if (!isList) {
    fail('invalid-dims', path, `is ${describeValue(dims)}`, 'an array of sizes');
  }
  // Not by `mapList`, whose loads engines make slow for all the kinds of lists that it sees: every call comes by here.
  const length = checkListLength(dims as ArrayLike<unknown>, path, 'invalid-dims', MOST_AXES);
  const sizes: number[] = [];
  for (let axis = 0; axis < length; axis++) {
    const size: unknown = (dims as ArrayLike<unknown>)[axis];
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
      fail('invalid-dims', `${path}[${axis}]`, `is ${describeValue(size)}`, 'a whole number from 0 up');
    }
    // Not -0.
    sizes.push(size + 0);
  }
  return sizes;
}

/** A tensor of one of some types, as long as its sizes say. */
export function checkTensor<T extends DataType>(
  tensor: unknown,
  path: string,
  types: readonly T[],
): CheckedTensor<T> {
  if (typeof tensor !== 'object' || tensor === null) failTensor(tensor, path);
  const { data, dims, type } = readParts(tensor as TensorParts, path);
  if (dims === undefined) failTensor(tensor, path);
  const sizes = checkDims(dims, `${path}.dims`);
  if (!ArrayBuffer.isView(data)) failData(data, path, types);
  const known = typeOf(data, type);
  if (!types.includes(known as T)) failData(data, path, types);
  checkLength(data, countElements(sizes), path, sizes);
  const [buffer, byteOffset] = [getBuffer.call(data), getByteOffset.call(data)];
  return { type: known as T, data, dims: sizes, buffer, byteOffset };
}

/** Fails for what is no tensor, and says what to write instead where that is known. */
function failTensor(value: unknown, path: string): never {
  const mistake = tensorMistake(value, path);
  const must = 'a tensor: an object with data and dims';
  if (mistake) fail('invalid-data', path, `is ${mistake.is}`, `${must}; ${mistake.instead}`);
  if (typeof value !== 'object' || value === null)
    fail('invalid-data', path, `is ${describeValue(value)}`, must);
  fail('invalid-dims', `${path}.dims`, 'is undefined', 'an array of sizes, such as [1, 256, 13, 13]');
}

/** Fails for elements that are not in an array of one of some types. */
function failData(data: unknown, path: string, types: readonly DataType[]): never {
  const isBits = ArrayBuffer.isView(data) && tagOf(data) === 'Uint16Array' && types.includes('float16');
  const hint = isBits
    ? ", or have the type 'float16' beside it if it holds halves"
    : dataHint(data, `${path}.data`, dataTypes[types[0] as DataType].tags[0]);
  fail('invalid-data', `${path}.data`, `is ${describeValue(data)}`, `${oneOf(types)}${hint}`);
}

const typesByTag = /* @__PURE__ */ new Map<string | undefined, DataType>(
  /* @__PURE__ */ (Object.keys(dataTypes) as DataType[]).flatMap((name) =>
    dataTypes[name].tags.map((tag) => [tag, name]),
  ),
);

/** The element type of an array. Plain 16-bit words are halves only where their tensor says so. */
function typeOf(data: ArrayBufferView, stated: unknown): DataType | undefined {
  const tag = tagOf(data);
  if (tag === 'Uint16Array' && stated !== 'float16') return undefined;
  return typesByTag.get(tag);
}

function oneOf(types: readonly DataType[]): string {
  const names = types.map((type) => dataTypes[type].tags[0]);
  return names.length === 1 ? `a ${names[0]}` : `a ${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

/** The elements in the array that copies of their type go through: a plain one, whatever class theirs has. */
export function rawArray(type: DataType, data: ArrayBufferView): RawArray {
  const { raw } = dataTypes[type];
  const length = getLength.call(data);
  // A buffer that is detached has none, and no array can be made over it.
  if (length === 0) return new raw();
  return new raw(getBuffer.call(data) as ArrayBuffer, getByteOffset.call(data), length);
}

interface TensorParts {
  data: unknown;
  dims: unknown;
  type?: unknown;
}

/** Tensors of other libraries throw where their data are on a GPU, or gone. */
function readParts(tensor: TensorParts, path: string): TensorParts {
  try {
    const { data, dims, type } = unproxied(tensor);
    return isPolyfilledHalf(data) ? { data: readBits(data), dims, type: 'float16' } : { data, dims, type };
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
 * Views of any other kind are what they are, whatever they are called.
 */
function isPolyfilledHalf(data: unknown): data is Uint16Array {
  if (Object.prototype.toString.call(data) !== '[object Float16Array]') return false;
  return ArrayBuffer.isView(data) ? tagOf(data) === 'Uint16Array' : isBuffer((data as Uint16Array).buffer);
}

/** The bits of polyfilled halves, in the memory they lie in. */
function readBits(halves: Uint16Array): Uint16Array {
  // A buffer that is detached has none, and no array can be made over it.
  if (halves.length === 0) return new Uint16Array();
  return new Uint16Array(halves.buffer, halves.byteOffset, halves.length);
}

/** Fails unless an array has the elements that its sizes need, now: its buffer may be detached or resized any time. */
export function checkLength(
  data: ArrayBufferView,
  needed: number,
  path: string,
  dims: readonly number[],
): void {
  const length = getLength.call(data);
  if (length === needed) return;
  const detached =
    length === 0 && getBuffer.call(data).byteLength === 0 ? ' (its buffer is empty or detached)' : '';
  throw new PyramidPoolError(
    'invalid-data',
    `${path}.data has ${length} elements${detached}, but dims [${dims.join(', ')}] need ${needed}`,
  );
}

// The getters that all typed arrays share: an object may have properties of its own that say something else.
const getter = (name: PropertyKey) =>
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), name)?.get as (
    this: ArrayBufferView,
  ) => never;
const getTag: (this: ArrayBufferView) => string | undefined = /* @__PURE__ */ getter(Symbol.toStringTag);
const getLength: (this: ArrayBufferView) => number = /* @__PURE__ */ getter('length');
const getBuffer: (this: ArrayBufferView) => ArrayBufferLike = /* @__PURE__ */ getter('buffer');
const getByteOffset: (this: ArrayBufferView) => number = /* @__PURE__ */ getter('byteOffset');

/** What kind of array it is, by its tag and not by its constructor: those of other windows and subclasses are welcome. */
function tagOf(view: ArrayBufferView): string | undefined {
  return getTag.call(view);
}

export function checkSameDims(dims: readonly number[], expected: readonly number[], path: string): void {
  if (dims.length !== expected.length || dims.some((size, axis) => size !== expected[axis])) {
    fail('invalid-dims', path, `is [${dims.join(', ')}]`, `[${expected.join(', ')}]`);
  }
}
