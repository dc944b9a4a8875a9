/** A trained network as a file: JSON, with the weights in base64. */
import { LEVELS } from '../../train/network.js';

const FORMAT = 'pyramid-pool digits';
const VERSION = 1;

export function writeModelFile(weights: readonly Float32Array[]): Blob {
  const model = { format: FORMAT, version: VERSION, levels: LEVELS, weights: weights.map(toBase64) };
  return new Blob([JSON.stringify(model)], { type: 'application/json' });
}

/** Throws a message for the visitor where the file is something else. */
export async function readModelFile(file: Blob): Promise<Float32Array[]> {
  try {
    const model: unknown = JSON.parse(await file.text());
    if (isModel(model)) return model.weights.map(fromBase64);
  } catch {
    // The error below says it.
  }
  throw new Error('This is not a model that was saved here.');
}

function isModel(content: unknown): content is { weights: string[] } {
  if (typeof content !== 'object' || content === null) return false;
  const { format, version, weights } = content as Record<string, unknown>;
  return format === FORMAT && version === VERSION && Array.isArray(weights);
}

function toBase64({ buffer, byteOffset, byteLength }: Float32Array): string {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

function fromBase64(text: string): Float32Array {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}
