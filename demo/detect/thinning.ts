import type { Plane } from '../ink/plane.js';

/** The middle of strokes, one pixel wide, where the ink exceeds `threshold` (Zhang and Suen 1984): 1 there and 0 elsewhere. */
export function thin({ values, height, width }: Plane, threshold: number): Plane {
  // A border of paper, so that every pixel of ink has eight neighbours.
  const stride = width + 2;
  const ink = new Uint8Array((height + 2) * stride);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (values[y * width + x] > threshold) ink[(y + 1) * stride + x + 1] = 1;
    }
  }
  // Clockwise from above.
  const around = [-stride, -stride + 1, 1, stride + 1, stride, stride - 1, -1, -stride - 1];
  for (let removed = 1; removed > 0; ) removed = peel(ink, around, 0) + peel(ink, around, 1);
  const skeleton = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) skeleton[y * width + x] = ink[(y + 1) * stride + x + 1];
  }
  return { values: skeleton, height, width };
}

/** Takes off the outermost pixels of two sides, where nothing comes apart; says how many. */
function peel(ink: Uint8Array, around: readonly number[], pass: 0 | 1): number {
  const places: number[] = [];
  for (let at = 0; at < ink.length; at++) {
    if (ink[at] === 0) continue;
    const near = around.map((step) => ink[at + step]);
    const count = near.reduce((sum, value) => sum + value, 0);
    if (count < 2 || count > 6) continue;
    const starts = near.filter((value, i) => value === 0 && near[(i + 1) % 8] === 1).length;
    if (starts !== 1) continue;
    const [up, , right, , down, , left] = near;
    const stays = pass === 0 ? up * right * down + right * down * left : up * right * left + up * down * left;
    if (stays === 0) places.push(at);
  }
  for (const at of places) ink[at] = 0;
  return places.length;
}
