/**
 * Mutations of an argument: each takes the value that is there and returns what replaces it.
 *
 * What the package promises: whatever is passed in, a call gives a right answer or throws a `PyramidPoolError`. Only an
 * exception of the caller's own code, a getter, a proxy or an iterator, comes out as it is.
 */
import type { Fixture } from './fixture.js';

/** What the getters here throw. Calls throw it unchanged, as is documented. */
export class GetterError extends Error {}

const own = (): never => {
  throw new GetterError('from a getter');
};

type Mutation = (value: unknown, fixture: Fixture) => unknown;

/** Values in place of any other. */
const values: Mutation[] = [
  ...[undefined, null, true, false, '', '4', 'max', 1n, Symbol('s'), () => 1],
  ...[Number.NaN, -1, 0, -0, 1.5, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53, 1e308, Number.POSITIVE_INFINITY],
  ...[new Date(), /x/, new Map(), Object.create(null), new ArrayBuffer(8), new Proxy(() => {}, {})],
  ...['2'.repeat(1e5), [2, 2], [[2, 3]], [], [[]], {}, [undefined], Object.freeze([1])],
].map((value) => () => value);

const thrower = new Proxy(
  {},
  { get: () => own, ...Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((trap) => [trap, own])) },
);

/** Objects that do something when they are looked at. */
const objects: Mutation[] = [
  () => thrower,
  () => new Proxy([], thrower),
  () => {
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    return proxy;
  },
  () => ({ toString: own, valueOf: own, [Symbol.toPrimitive]: own }),
  () => Object.defineProperties({}, { data: { get: own, enumerable: true }, dims: { get: own } }),
  (value) => new Proxy(Object(value ?? {}), {}),
  (value) => (value && typeof value === 'object' ? Object.create(value) : value),
  (value) => (Array.isArray(value) ? endless(value) : value),
  (value) => (Array.isArray(value) ? new Proxy([...value], { get: lyingLength }) : value),
  (value) => (Array.isArray(value) ? Object.assign(new Array(value.length + 1), value) : value),
  (value) => (Array.isArray(value) ? [...value, ...value] : value),
  (value) => (Array.isArray(value) ? value.slice(1) : value),
  (value) =>
    Array.isArray(value) ? Float64Array.from(value, (size) => (typeof size === 'number' ? size : 0)) : value,
  (value) => (Array.isArray(value) ? { ...value, length: value.length } : value),
  () => new Array(2 ** 32 - 1),
  () => {
    const nested: unknown[] = [];
    nested.push(nested);
    return nested;
  },
  (_value, { tensors: [gone] }) => gone,
  (_value, { tensors }) => tensors[1],
  (_value, { tensors }) => tensors.at(-1),
  (_value, { runtimes }) => runtimes[0]?.runtime,
  (_value, { runtimes }) => runtimes.at(-1)?.pool,
  () => Object.create(WebAssembly.Memory.prototype),
  () => Object.create(WebAssembly.Module.prototype),
  () => Object.create(Float32Array.prototype),
];

/** An array whose iterator never ends. */
function endless(value: unknown[]): unknown[] {
  const forever = function* () {
    for (;;) yield 1;
  };
  return Object.defineProperty([...value], Symbol.iterator, { value: forever });
}

function lyingLength(target: object, key: PropertyKey): unknown {
  return key === 'length' ? Symbol('length') : Reflect.get(target, key);
}

type Numbers = Float32Array<ArrayBuffer>;
const isNumbers = (value: unknown): value is Numbers =>
  ArrayBuffer.isView(value) && !(value instanceof DataView);
const ofNumbers =
  (mutation: (value: Numbers) => unknown): Mutation =>
  (value) =>
    isNumbers(value) ? mutation(value) : value;
const classOf = (value: Numbers) => value.constructor as Float32ArrayConstructor;

/** A copy over a buffer that can be resized, by so many elements more. */
function resizable(value: Numbers, Buffer: typeof ArrayBuffer | typeof SharedArrayBuffer, more = 0) {
  const bytes = value.byteLength;
  const room = bytes + more * value.BYTES_PER_ELEMENT;
  const option = Buffer === ArrayBuffer ? 'maxByteLength' : 'maxByteLength';
  const buffer = new (Buffer as new (length: number, options: object) => ArrayBuffer)(bytes, {
    [option]: room + 64,
  });
  // It tracks the length of the buffer, where the host has such buffers.
  const copy = new (classOf(value))(buffer);
  copy.set(value);
  return copy;
}

/** Arrays that are not what they were. */
const arrays: Mutation[] = [
  ofNumbers((value) => value.slice(1)),
  ofNumbers((value) => new (classOf(value))(value.length + 1)),
  ofNumbers((value) => new Float64Array(value.length)),
  ofNumbers((value) => new Int32Array(value.length).fill(2 ** 31 - 1)),
  ofNumbers((value) => new Int32Array(value.length).fill(-1)),
  ofNumbers((value) => new BigInt64Array(value.length)),
  ofNumbers((value) => new Uint16Array(value.length)),
  ofNumbers((value) => new Uint8Array(value.length)),
  ofNumbers((value) => new DataView(value.slice().buffer)),
  ofNumbers((value) => Array.from(value)),
  ofNumbers((value) => Object.defineProperty(value.slice(), 'length', { value: 1 })),
  ofNumbers((value) => new Proxy(value, {})),
  ofNumbers((value) => {
    const copy = value.slice();
    structuredClone(copy.buffer, { transfer: [copy.buffer] });
    return copy;
  }),
  ofNumbers((value) => {
    const copy = resizable(value, ArrayBuffer);
    (copy.buffer as { resize?(bytes: number): void }).resize?.(0);
    return copy;
  }),
  ofNumbers((value) => {
    const copy = resizable(value, ArrayBuffer, 1);
    (copy.buffer as { resize?(bytes: number): void }).resize?.(copy.byteLength + 8);
    return copy;
  }),
  ofNumbers((value) =>
    Object.defineProperties(value.slice(1), {
      length: { value: value.length },
      buffer: { value: undefined },
      byteOffset: { get: own },
    }),
  ),
];

/** Arrays that are as good as the one they replace: the answer must be the same. */
const equals: Mutation[] = [
  ofNumbers((value) => resizable(value, ArrayBuffer)),
  ofNumbers((value) => {
    const offset = new (classOf(value))(value.length + 3).subarray(2, value.length + 2);
    offset.set(value);
    return offset;
  }),
  ofNumbers((value) => {
    if (typeof SharedArrayBuffer !== 'function') return value;
    return resizable(value, SharedArrayBuffer);
  }),
  ofNumbers((value) => {
    class Sub extends (classOf(value) as unknown as typeof Uint8Array) {
      static get [Symbol.species](): never {
        return own();
      }
      override set(): never {
        return own();
      }
      override slice(): never {
        return own();
      }
    }
    const copy = new Sub(value.length);
    classOf(value).prototype.set.call(copy, value);
    return copy;
  }),
  (value) => (Array.isArray(value) ? Object.freeze(value) : value),
  (value) => (Array.isArray(value) && value.every(Number.isInteger) ? Int32Array.from(value) : value),
];

/** How many of the first mutations leave the answer as it is. */
export const harmlessCount = equals.length;
export const mutations: readonly Mutation[] = [...equals, ...values, ...objects, ...arrays];
