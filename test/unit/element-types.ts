/** Elements of every type that maps have: how tests make them, and what they stand for. */
import { halfToNumber } from './halves.js';
import type { Elements } from './layouts.js';

/** For each type the array of its elements, halves by their bits. */
export const elementArrays = {
  float32: Float32Array,
  float16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
} as const;
export type ElementType = keyof typeof elementArrays;
export const elementTypes = Object.keys(elementArrays) as ElementType[];

/**
 * Elements of a type made of floats: the upper part of every word, which tells plain values apart, in little-endian order as
 * WASM has it.
 */
export function elementsOf(type: ElementType, floats: Float32Array<ArrayBuffer>) {
  const parts = new elementArrays[type](floats.buffer);
  const elements = new elementArrays[type](floats.length);
  const step = parts.length / floats.length;
  for (let i = 0; i < elements.length; i++) elements[i] = parts[i * step + step - 1] as number;
  return elements;
}

/** What the elements of a tensor stand for. Halves are bits, or a `Float16Array` where the host has one. */
export function valuesOf({ type, data }: { type: string; data: object }): Float32Array {
  if (data instanceof Float32Array) return data;
  if (type !== 'float16') return new Float32Array(data as Elements);
  const { buffer, byteOffset, length } = data as Uint16Array<ArrayBuffer>;
  const bits = new Uint16Array(buffer, byteOffset, length);
  const values = new Float32Array(length);
  // A bare loop, since the tests convert billions.
  for (let i = 0; i < length; i++) values[i] = halfToNumber(bits[i] as number);
  return values;
}
