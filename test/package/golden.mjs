import { readFileSync } from 'node:fs';

// Sizes that no level divides, ties, zeros of both signs, NaN, rectangles of bins, batches.
const ids = ['008-spp', '010-spp', '013-spp', '015-spp', '123-spp'];

/** The text of a module with a few golden cases, which consumers can bundle. */
export function goldenModule() {
  const folder = new URL('../golden/', import.meta.url);
  const { cases } = JSON.parse(readFileSync(new URL('index.json', folder), 'utf8'));
  const data = readFileSync(new URL('data.bin', folder));
  // Not base64: worklets lack `atob`.
  const hex = ({ shape, offset }) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return data.subarray(offset, offset + 4 * count).toString('hex');
  };
  const chosen = cases
    .filter(({ id }) => ids.includes(id))
    .map(({ id, shape, levels, tensors }) => {
      const entries = ['x', 'y', 'argmax', 'gy', 'gx'].map((name) => [name, hex(tensors[name])]);
      return { id, shape, levels, ...Object.fromEntries(entries) };
    });
  if (chosen.length !== ids.length) throw new Error('golden cases are missing');
  return `export const cases = ${JSON.stringify(chosen)};\n`;
}
