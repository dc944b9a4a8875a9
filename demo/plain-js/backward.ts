import type { LevelPlan, Plan } from './plan.js';

/** The arrays that backward reads and writes. Rows of the gradient and of the indices have the same order. */
export interface GradientJob {
  readonly plan: Plan;
  readonly channels: number;
  readonly gradOutput: Float32Array;
  readonly cells: Int32Array;
  /** Zeroed before. */
  readonly gradInput: Float32Array;
  /** Values of one item, all zero between calls. */
  readonly scratch: Float32Array;
}

/** Gives one item its gradient, level by level from the last to the first, as PyTorch's autograd adds them. */
export function backwardItem(job: GradientJob, rowStart: number, itemStart: number, nhwc: boolean): void {
  const { levels } = job.plan;
  for (let l = levels.length - 1; l >= 0; l--) {
    const level = levels[l];
    const from = rowStart + level.binsBefore * job.channels;
    if (nhwc) backwardNhwc(job, level, from, itemStart);
    else backwardNchw(job, level, from, itemStart);
  }
}

/*
 * Bins overlap where the size does not divide, so a cell may win twice within a level. PyTorch sums such wins first
 * and adds the sum to the other levels; adding them one at a time would round differently. The scratch holds the
 * sums of one level. Only the cells that won are visited, so a level costs its bins, not its plane.
 */

function backwardNchw(job: GradientJob, level: LevelPlan, from: number, itemStart: number): void {
  const { gradOutput, cells, gradInput, scratch, channels, plan } = job;
  const bins = level.rows * level.columns;
  const plane = plan.height * plan.width;
  for (let c = 0; c < channels; c++) {
    const start = from + c * bins;
    const end = start + bins;
    for (let k = start; k < end; k++) scratch[cells[k]] += gradOutput[k];
    const to = itemStart + c * plane;
    for (let k = start; k < end; k++) {
      const cell = cells[k];
      gradInput[to + cell] += scratch[cell];
      scratch[cell] = 0;
    }
  }
}

function backwardNhwc(job: GradientJob, level: LevelPlan, from: number, itemStart: number): void {
  const { gradOutput, cells, gradInput, scratch, channels } = job;
  const end = from + level.rows * level.columns * channels;
  for (let bin = from; bin < end; bin += channels) {
    for (let c = 0; c < channels; c++) scratch[cells[bin + c] * channels + c] += gradOutput[bin + c];
  }
  for (let bin = from; bin < end; bin += channels) {
    for (let c = 0; c < channels; c++) {
      const p = cells[bin + c] * channels + c;
      gradInput[itemStart + p] += scratch[p];
      scratch[p] = 0;
    }
  }
}
