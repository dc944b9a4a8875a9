/** What a typed array says of itself, by the getters that all of them share: an object may have properties of its own that say otherwise. */

const getter = (name: PropertyKey) =>
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), name)?.get as (
    this: unknown,
  ) => never;
const getTag: (this: unknown) => string | undefined = /* @__PURE__ */ getter(Symbol.toStringTag);
const getLength: (this: ArrayBufferView) => number = /* @__PURE__ */ getter('length');
const getBuffer: (this: ArrayBufferView) => ArrayBufferLike = /* @__PURE__ */ getter('buffer');
const getByteOffset: (this: ArrayBufferView) => number = /* @__PURE__ */ getter('byteOffset');

/** The name of its class, such as `'Float32Array'`, also for those of other windows and for subclasses; undefined for all but typed arrays. */
export function arrayName(value: unknown): string | undefined {
  return getTag.call(value);
}

export function lengthOf(array: ArrayBufferView): number {
  return getLength.call(array);
}

export function bufferOf(array: ArrayBufferView): ArrayBufferLike {
  return getBuffer.call(array);
}

export function byteOffsetOf(array: ArrayBufferView): number {
  return getByteOffset.call(array);
}
