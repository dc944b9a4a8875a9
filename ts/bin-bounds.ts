import type { Grid } from './levels.js';
import type { WasmMemory } from './memory.js';
import { ELEMENT_BYTES } from './tensor.js';

/** The half-open range `[start, end)` of rows or columns that a bin reads. */
export type Bounds = readonly [start: number, end: number];

/** Which cells the bins of one level read: bin `(i, j)` reads `rows[i]` by `columns[j]`. */
export interface LevelBounds {
  readonly rows: readonly Bounds[];
  readonly columns: readonly Bounds[];
}

/** Asks the crate, which alone knows the rule, for the bounds of every level. */
export function readBinBounds(
  memory: WasmMemory,
  levels: readonly Grid[],
  height: number,
  width: number,
): LevelBounds[] {
  return levels.map(([rows, columns]) => ({
    rows: readAxis(memory, height, rows),
    columns: readAxis(memory, width, columns),
  }));
}

function readAxis(memory: WasmMemory, size: number, n: number): Bounds[] {
  const bytes = 2 * n * ELEMENT_BYTES;
  const address = memory.alloc(bytes, `the bounds of ${n} bins`);
  try {
    memory.kernels.bin_bounds(size, n, address);
    const words = memory.view('int32', address, 2 * n);
    return Array.from({ length: n }, (_, i) => [words[2 * i] as number, words[2 * i + 1] as number]);
  } finally {
    memory.free(address, bytes);
  }
}
