/** Box regression: how a window has to be moved and stretched to become the box of what it shows (R-CNN, appendix C). */
import { type Box, heightOf, widthOf } from './box.js';

/** Numbers per box: the centre's way along and down, by the window's sides, and the logarithms of how the sides grow. */
export const OFFSETS = 4;

/** What an offset is divided by, so that all four are about as large as 1 (as Fast R-CNN does). */
const DEVIATIONS = [0.1, 0.1, 0.2, 0.2];

/** Sides may not grow by more than this: a wild guess must not overflow. */
const MOST_GROWTH = Math.log(4);

export function offsetsTo(window: Box, box: Box): number[] {
  const [w, h] = [widthOf(window), heightOf(window)];
  return [
    (box.x1 + box.x2 - window.x1 - window.x2) / 2 / w,
    (box.y1 + box.y2 - window.y1 - window.y2) / 2 / h,
    Math.log(widthOf(box) / w),
    Math.log(heightOf(box) / h),
  ].map((offset, i) => offset / DEVIATIONS[i]);
}

export function applyOffsets(window: Box, offsets: ArrayLike<number>): Box {
  const [along, down, wider, taller] = DEVIATIONS.map((deviation, i) => offsets[i] * deviation);
  const [w, h] = [widthOf(window), heightOf(window)];
  const [width, height] = [
    w * Math.exp(Math.min(MOST_GROWTH, wider)),
    h * Math.exp(Math.min(MOST_GROWTH, taller)),
  ];
  const x = (window.x1 + window.x2) / 2 + along * w;
  const y = (window.y1 + window.y2) / 2 + down * h;
  return {
    x1: x - (width - 1) / 2,
    y1: y - (height - 1) / 2,
    x2: x + (width - 1) / 2,
    y2: y + (height - 1) / 2,
  };
}
