import { type Box, iou } from './box.js';

/** A window shows a digit from this intersection over union on. */
const FOUND = 0.5;

export interface Proposed {
  readonly windows: readonly Box[];
  readonly truth: readonly { readonly box: Box }[];
}

/** The share of all digits that have a window. */
export function recallOf(scenes: readonly Proposed[]): number {
  const [found, all] = scenes.reduce(
    ([found, all], { windows, truth }) => [found + countFound(windows, truth), all + truth.length],
    [0, 0],
  );
  return found / all;
}

function countFound(windows: readonly Box[], truth: Proposed['truth']): number {
  return truth.filter(({ box }) => windows.some((window) => iou(window, box) >= FOUND)).length;
}
