import { type Box, iou } from './box.js';

/** A box that was kept, and all that it stands for. */
export interface Kept {
  /** Place in the list, of the box itself. */
  readonly at: number;
  /** Places of the boxes that it stands for, itself among them. */
  readonly group: readonly number[];
}

/** Non-maximum suppression: boxes from the highest score down, without those that overlap a kept one by more than `most`. */
export function suppress(boxes: readonly Box[], scores: ArrayLike<number>, most: number): Kept[] {
  const order = boxes.map((_, at) => at).sort((a, b) => scores[b] - scores[a]);
  const kept: { at: number; group: number[] }[] = [];
  for (const at of order) {
    const stronger = kept.find((other) => iou(boxes[other.at], boxes[at]) > most);
    if (stronger) stronger.group.push(at);
    else kept.push({ at, group: [at] });
  }
  return kept;
}
