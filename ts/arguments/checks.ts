import { PyramidPoolError, type PyramidPoolErrorCode } from '../core/errors.js';
import { arrayName } from '../core/typed-array.js';
import { optionsHint, promiseMistake } from './hints.js';

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
  if (typeof value === 'symbol' || typeof value === 'function') return `a ${typeof value}`;
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object' || value === null) return String(value);
  return withArticle(classOf(value));
}

/** The name of an object's class, as far as the object tells it. */
function classOf(value: object): string {
  if (ArrayBuffer.isView(value)) return arrayName(value) ?? 'DataView';
  try {
    if (promiseMistake(value)) return 'promise';
    // What only calls itself an array of elements is none, and a namespace of exports calls itself a Module.
    const [, name] =
      /^.object (?!Object|Module|\w*Array\])([\w.]{1,40}).$/.exec(Object.prototype.toString.call(value)) ??
      [];
    if (name) return name;
  } catch {}
  return 'object';
}

/** A name with its article. A `Uint8Array` is said with a consonant. */
export function withArticle(name: string): string {
  return `${/^[aeio]/i.test(name) ? 'an' : 'a'} ${name}`;
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
  return options === undefined ? {} : checkGivenOptions(options, path, known);
}

function checkGivenOptions<T extends object>(
  options: T,
  path: string,
  known: readonly (keyof T & string)[],
): Partial<T> {
  const promise = promiseMistake(options);
  if (promise || typeof options !== 'object' || options === null || Array.isArray(options)) {
    const hint = promise ? `; ${promise.instead}` : optionsHint(options, known);
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
 * Maps each element of a list by `read`. Elements are read once and by index: a list may have holes, be of a subclass, or have an
 * iterator that never ends.
 */
export function mapList<R>(
  list: ArrayLike<unknown>,
  path: string,
  code: PyramidPoolErrorCode,
  read: (element: unknown, i: number) => R,
  most = MOST_ELEMENTS,
): R[] {
  const length = checkListLength(list.length, path, code, most);
  // A plain loop: calls come by here several times.
  const all: R[] = [];
  for (let i = 0; i < length; i++) all.push(read(list[i], i));
  return all;
}

function checkListLength(length: unknown, path: string, code: PyramidPoolErrorCode, most: number): number {
  if (!isLength(length))
    fail(code, `${path}.length`, `is ${describeValue(length)}`, 'a whole number from 0 up');
  if (length > most) fail(code, path, `has ${length} elements`, `of at most ${most}`);
  return length;
}

/** Sizes and numbers of bins are counted in 31 bits, as indices are. */
export const MOST_COUNTED = 2 ** 31 - 1;

/** No array is longer. */
const MOST_ELEMENTS = 2 ** 32 - 1;

function isLength(length: unknown): length is number {
  return typeof length === 'number' && Number.isInteger(length) && length >= 0;
}

/** No tensor here has more axes: a longer list is a mistake, and not worth copying. */
const MOST_AXES = 8;

/** Sizes of a tensor: whole numbers from 0 up. A copy, so that nothing can change them afterwards. */
export function checkDims(dims: unknown, path: string): readonly number[] {
  if (!Array.isArray(dims) && arrayName(dims) === undefined) {
    fail('invalid-dims', path, `is ${describeValue(dims)}`, 'an array of sizes');
  }
  const list = dims as ArrayLike<unknown>;
  // Not by `mapList`, whose loads engines make slow for all the kinds of lists that it sees: every call comes by here.
  const length = checkListLength(list.length, path, 'invalid-dims', MOST_AXES);
  const sizes: number[] = [];
  for (let axis = 0; axis < length; axis++) {
    const size = list[axis];
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
      fail(
        'invalid-dims',
        `${path}[${axis}]`,
        `is ${describeValue(size)}`,
        `a whole number from 0 to ${MOST_COUNTED}`,
      );
    }
    // Not -0.
    sizes.push(size + 0);
  }
  return sizes;
}

/** Whether something is a list of the sizes that are expected. A plain loop: calls come by here several times. */
export function areSameDims(dims: unknown, expected: readonly number[]): boolean {
  if (!Array.isArray(dims) || dims.length !== expected.length) return false;
  for (let axis = 0; axis < expected.length; axis++) if (dims[axis] !== expected[axis]) return false;
  return true;
}

export function checkSameDims(dims: readonly number[], expected: readonly number[], path: string): void {
  if (!areSameDims(dims, expected)) {
    fail('invalid-dims', path, `is [${dims.join(', ')}]`, `[${expected.join(', ')}]`);
  }
}
