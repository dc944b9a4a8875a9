import type { Maxima } from './maxima.js';
import type { LevelPlan } from './plan.js';

/** How the bins of one level lie in memory: NCHW 1 apart and channel by channel, NHWC `channels` apart. */
export interface Strides {
  readonly bin: number;
  readonly channel: number;
}

/** Makes a level from a finer one that is pooled already. `from` and `to` are where the two levels begin. */
export function mergeLevel(
  level: LevelPlan,
  finer: LevelPlan,
  channels: number,
  maxima: Maxima,
  from: number,
  to: number,
  strides: (level: LevelPlan) => Strides,
): void {
  const source = strides(finer);
  const target = strides(level);
  const tall = finer.rows / level.rows;
  const wide = finer.columns / level.columns;
  for (let by = 0; by < level.rows; by++) {
    for (let bx = 0; bx < level.columns; bx++) {
      const corner = from + (by * tall * finer.columns + bx * wide) * source.bin;
      const at = to + (by * level.columns + bx) * target.bin;
      for (let c = 0; c < channels; c++) {
        const first = corner + c * source.channel;
        mergeBin(maxima, first, source.bin, finer.columns, tall, wide, at + c * target.channel);
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

/** What a scan of the whole would have kept: the larger; of equals the first cell; of NaNs the last cell. */
function comesBefore(v: number, cell: number, best: number, bestCell: number): boolean {
  if (v > best) return true;
  if (v === best) return cell < bestCell;
  return Number.isNaN(v) && (!Number.isNaN(best) || cell > bestCell);
}
