import { PyramidPoolError, type PyramidPoolErrorCode } from './errors.js';
import { arrayOf, countElements, type DataOf, type DataType } from './tensor.js';

/** A tensor whose parts were read once and found to fit each other. */
export interface CheckedTensor<T extends DataType> {
  readonly data: DataOf[T];
  readonly dims: readonly number[];
}

/** The way a value is shown in a message: short, and never by running its own code. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 40 ? `${value.slice(0, 40)}…` : value}'`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'symbol') return 'a symbol';
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value))
    return `[${value.slice(0, 8).map(show).join(', ')}${value.length > 8 ? ', …' : ''}]`;
  if (ArrayBuffer.isView(value))
    return `a ${(value as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] ?? 'DataView'}`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
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
  if (typeof options !== 'object' || options === null)
    fail('invalid-options', path, `is ${show(options)}`, 'an object');
  const unknown = Object.keys(options).find((name) => !(known as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new PyramidPoolError(
      'invalid-options',
      `${path}.${unknown} is not an option; there are ${known.join(', ')}`,
    );
  }
  return options;
}

export function checkOneOf<T extends string>(value: unknown, path: string, choices: readonly T[]): T {
  if (!choices.includes(value as T)) {
    fail('invalid-options', path, `is ${show(value)}`, `one of ${choices.map(show).join(', ')}`);
  }
  return value as T;
}

/** Sizes of a tensor: whole numbers from 0 up. A copy, so that nothing can change them afterwards. */
export function checkDims(dims: unknown, path: string): number[] {
  if (!Array.isArray(dims) && !ArrayBuffer.isView(dims))
    fail('invalid-dims', path, `is ${show(dims)}`, 'an array of sizes');
  const sizes = Array.from(dims as ArrayLike<unknown>);
  sizes.forEach((size, axis) => {
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
      fail('invalid-dims', `${path}[${axis}]`, `is ${show(size)}`, 'a whole number from 0 up');
    }
  });
  return sizes as number[];
}

/** A tensor of the given type, as long as its sizes say. */
export function checkTensor<T extends DataType>(tensor: unknown, path: string, type: T): CheckedTensor<T> {
  if (typeof tensor !== 'object' || tensor === null) {
    fail('invalid-data', path, `is ${show(tensor)}`, 'a tensor: an object with data and dims');
  }
  const { data, dims } = tensor as { data: unknown; dims: unknown };
  const sizes = checkDims(dims, `${path}.dims`);
  if (!isArrayOf(data, type))
    fail('invalid-data', `${path}.data`, `is ${show(data)}`, `a ${arrayOf[type].name}`);
  const needed = countElements(sizes);
  if (data.length !== needed) {
    const detached =
      data.length === 0 && data.buffer.byteLength === 0 ? ' (its buffer is empty or detached)' : '';
    throw new PyramidPoolError(
      'invalid-data',
      `${path}.data has ${data.length} elements${detached}, but dims [${sizes.join(', ')}] need ${needed}`,
    );
  }
  return { data, dims: sizes };
}

/** By its tag and not by its constructor: arrays from other windows and subclasses are welcome. */
function isArrayOf<T extends DataType>(data: unknown, type: T): data is DataOf[T] {
  return (
    ArrayBuffer.isView(data) &&
    (data as unknown as { [Symbol.toStringTag]: string })[Symbol.toStringTag] === arrayOf[type].name
  );
}

export function checkSameDims(dims: readonly number[], expected: readonly number[], path: string): void {
  if (dims.length !== expected.length || dims.some((size, axis) => size !== expected[axis])) {
    fail('invalid-dims', path, `is [${dims.join(', ')}]`, `[${expected.join(', ')}]`);
  }
}
