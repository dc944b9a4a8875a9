/** A level as callers write it: `n` for an n x n grid, or `[rows, columns]`. */
export type Level = number | readonly [number, number];

export type Layout = 'NCHW' | 'NHWC';

/** Where the bins of one axis start and end (end exclusive). */
export interface Bounds {
  readonly start: Int32Array;
  readonly end: Int32Array;
}

/** One level of a plan for one height and width. */
export interface LevelPlan {
  readonly rows: number;
  readonly columns: number;
  /** Bins of all levels before this one: where this level's share of an output row begins, per channel. */
  readonly binsBefore: number;
  readonly y: Bounds;
  readonly x: Bounds;
  /** The finer level whose bins make up this level's bins exactly; undefined: read the input itself. */
  readonly finer: LevelPlan | undefined;
}

export interface Plan {
  readonly height: number;
  readonly width: number;
  /** Levels in the order of the output. */
  readonly levels: readonly LevelPlan[];
  /** The same levels, each one after the level it is made from. */
  readonly finestFirst: readonly LevelPlan[];
}

/** Adaptive bins: bin i covers floor(i * size / count) up to ceil((i + 1) * size / count), in whole numbers. */
function adaptiveBounds(count: number, size: number): Bounds {
  const start = new Int32Array(count);
  const end = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    start[i] = Math.floor((i * size) / count);
    end[i] = Math.ceil(((i + 1) * size) / count);
  }
  return { start, end };
}

/**
 * The coarsest of the levels already planned that this one can be made from. Where n divides m, every adaptive bin
 * of n is a union of bins of m, at every size: far fewer values to compare than reading the input again.
 */
function coarsestSource(rows: number, columns: number, planned: readonly LevelPlan[]): LevelPlan | undefined {
  let best: LevelPlan | undefined;
  for (const level of planned) {
    if (level.rows % rows !== 0 || level.columns % columns !== 0) continue;
    if (!best || level.rows * level.columns < best.rows * best.columns) best = level;
  }
  return best;
}

export function makePlan(levels: readonly Level[], height: number, width: number): Plan {
  const grids = levels.map((level) => (typeof level === 'number' ? ([level, level] as const) : level));
  const binsBefore: number[] = [];
  let bins = 0;
  for (const [rows, columns] of grids) {
    binsBefore.push(bins);
    bins += rows * columns;
  }

  const byFineness = grids.map((_, i) => i).sort((a, b) => binCount(grids[b]) - binCount(grids[a]));
  const finestFirst: LevelPlan[] = [];
  const inOrder: LevelPlan[] = new Array(grids.length);
  for (const i of byFineness) {
    const [rows, columns] = grids[i];
    const level: LevelPlan = {
      rows,
      columns,
      binsBefore: binsBefore[i],
      y: adaptiveBounds(rows, height),
      x: adaptiveBounds(columns, width),
      finer: coarsestSource(rows, columns, finestFirst),
    };
    finestFirst.push(level);
    inOrder[i] = level;
  }
  return { height, width, levels: inOrder, finestFirst };
}

function binCount([rows, columns]: readonly [number, number]): number {
  return rows * columns;
}
