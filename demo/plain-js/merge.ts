import type { Maxima } from './maxima.js';
import type { LevelPlan } from './plan.js';

/** One level of one item: where its bins begin, and how far apart neighbouring bins and channels are. */
export interface LevelView {
  readonly start: number;
  readonly binStep: number;
  readonly channelStep: number;
}

/** Computes a level from a finer level that is already pooled. */
export function mergeLevel(
  maxima: Maxima,
  channels: number,
  level: LevelPlan,
  to: LevelView,
  finer: LevelPlan,
  from: LevelView,
): void {
  const tall = finer.rows / level.rows;
  const wide = finer.columns / level.columns;
  for (let by = 0; by < level.rows; by++) {
    for (let bx = 0; bx < level.columns; bx++) {
      let first = from.start + (by * tall * finer.columns + bx * wide) * from.binStep;
      let at = to.start + (by * level.columns + bx) * to.binStep;
      for (let c = 0; c < channels; c++) {
        mergeBin(maxima, first, from.binStep, finer.columns, tall, wide, at);
        first += from.channelStep;
        at += to.channelStep;
      }
    }
  }
}

function mergeBin(
  maxima: Maxima,
  first: number,
  step: number,
  columns: number,
  tall: number,
  wide: number,
  to: number,
): void {
  const { values, cells } = maxima;
  let best = first;
  for (let row = 0; row < tall; row++) {
    for (let column = 0; column < wide; column++) {
      const p = first + (row * columns + column) * step;
      if (comesBefore(values[p], cells[p], values[best], cells[best])) best = p;
    }
  }
  values[to] = values[best];
  cells[to] = cells[best];
}

/** Whether a cell replaces the best one so far, as in a scan of all cells: the larger wins, of equal values the first, of NaNs the last. */
function comesBefore(v: number, cell: number, best: number, bestCell: number): boolean {
  if (v > best) return true;
  if (v === best) return cell < bestCell;
  return Number.isNaN(v) && (!Number.isNaN(best) || cell > bestCell);
}
