import type { Grid } from '../arguments/levels.js';
import { PyramidPoolError } from '../core/errors.js';
import { WORD_BYTES } from '../core/tensor.js';
import type { WasmMemory } from '../memory/wasm-memory.js';

/**
 * Which cells the bins of a level read:
 * `'adaptive'`: PyTorch's adaptive pooling and the paper's appendix, for every size;
 * `'sliding'`: the paper's windows, of `ceil(size / n)` cells at a stride of `floor(size / n)`;
 * `'padded'`: Caffe's SPP layer and its PyTorch ports, windows of `ceil(size / n)` over a map padded at both ends.
 */
export type Bins = 'adaptive' | 'sliding' | 'padded';

/** The crate's numbers for them. */
export const binRules: Record<Bins, number> = { adaptive: 0, sliding: 1, padded: 2 };

/** The half-open range `[start, end)` of rows or columns that a bin reads. */
export type Bounds = readonly [start: number, end: number];

/** Which cells the bins of one level read: bin `(i, j)` reads `rows[i]` by `columns[j]`. */
export interface LevelBounds {
  readonly rows: readonly Bounds[];
  readonly columns: readonly Bounds[];
}

/** Fails where a rule does not give as many bins as a level asks for: only `'adaptive'` does for every size. */
export function checkBinCounts(
  memory: WasmMemory,
  rule: Bins,
  levels: readonly Grid[],
  height: number,
  width: number,
): void {
  if (rule === 'adaptive') return;
  for (const [rows, columns] of levels) {
    checkBinCount(memory, rule, 'rows', height, rows);
    checkBinCount(memory, rule, 'columns', width, columns);
  }
}

function checkBinCount(memory: WasmMemory, rule: Bins, axis: string, size: number, n: number): void {
  const count = memory.kernels.bin_count(binRules[rule], size, n) >>> 0;
  if (count === n) return;
  const gives = count === 0 ? 'has no windows' : `gives ${count} windows`;
  throw new PyramidPoolError(
    'invalid-bins',
    `the '${rule}' rule ${gives} for ${size} ${axis} and a level of ${n}; 'adaptive' works for every size`,
  );
}

/** Asks the crate, which alone knows the rules, for the bounds of every level. */
export function readBinBounds(
  memory: WasmMemory,
  rule: Bins,
  levels: readonly Grid[],
  height: number,
  width: number,
): LevelBounds[] {
  checkBinCounts(memory, rule, levels, height, width);
  const axis = (size: number, n: number) => readAxis(memory, rule, size, n);
  return levels.map(([rows, columns]) => ({ rows: axis(height, rows), columns: axis(width, columns) }));
}

function readAxis(memory: WasmMemory, rule: Bins, size: number, n: number): Bounds[] {
  const bytes = 2 * n * WORD_BYTES;
  const address = memory.alloc(bytes, `a list of the bounds of ${n} bins`);
  try {
    memory.kernels.bin_bounds(binRules[rule], size, n, address);
    const words = memory.view('int32', address, 2 * n);
    return Array.from({ length: n }, (_, i) => [words[2 * i] as number, words[2 * i + 1] as number]);
  } finally {
    memory.free(address, bytes);
  }
}
