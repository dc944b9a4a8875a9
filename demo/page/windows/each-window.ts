/** What was done before SPP-net: the network runs once for every window, not once for the image. */
import type { PyramidPool } from 'pyramid-pool';
import type { Backbone } from '../net/backbone.js';
import type { Plane } from '../ui/canvas.js';
import { inSlices, type Slices } from './in-slices.js';
import type { Window } from './proposals.js';

/** Milliseconds that it takes. */
export function runEachWindow(
  backbone: Backbone,
  pool: PyramidPool,
  image: Plane,
  windows: readonly Window[],
  slices: Slices,
): Promise<number> {
  const runOn = async (window: Window) => pool.forward(await backbone.features(crop(image, window)));
  return inSlices(windows.length, (i) => runOn(windows[i]), slices);
}

function crop({ values, width }: Plane, { x1, y1, x2, y2 }: Window): Plane {
  const [w, h] = [x2 - x1 + 1, y2 - y1 + 1];
  const cells = new Float32Array(w * h);
  for (let y = 0; y < h; y++) {
    const from = (y1 + y) * width + x1;
    cells.set(values.subarray(from, from + w), y * w);
  }
  return { values: cells, height: h, width: w };
}
