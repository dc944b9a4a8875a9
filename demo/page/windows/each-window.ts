/** What was done before SPP-net: the network runs once for every window, not once for the image. */
import type { PyramidPool } from 'pyramid-pool';
import type { Plane } from '../../ink/plane.js';
import type { Backbone } from '../net/backbone.js';
import type { Window } from './proposals.js';

/** So many windows are on their way to the network at once, so that it need not wait for the next one. */
const AT_ONCE = 8;

/** Milliseconds that it takes. */
export async function runEachWindow(
  backbone: Backbone,
  pool: PyramidPool,
  image: Plane,
  windows: readonly Window[],
  onProgress: (done: number) => void,
  signal: AbortSignal,
): Promise<number> {
  const started = performance.now();
  for (let done = 0; done < windows.length; done += AT_ONCE) {
    const crops = windows.slice(done, done + AT_ONCE).map((window) => crop(image, window));
    const maps = await Promise.all(crops.map((each) => backbone.features(each)));
    signal.throwIfAborted();
    for (const map of maps) pool.forward(map);
    onProgress(done + maps.length);
  }
  return performance.now() - started;
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
