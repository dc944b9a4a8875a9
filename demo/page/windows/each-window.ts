/** What was done before SPP-net: the network runs once for every window, not once for the image. */
import type { PyramidPool } from 'pyramid-pool';
import type { Backbone } from '../net/backbone.js';
import type { Plane } from '../ui/canvas.js';
import type { Window } from './proposals.js';

const PAUSE_EVERY = 50;

/** Milliseconds that it takes, without the pauses in which the page may draw. */
export async function runEachWindow(
  backbone: Backbone,
  pool: PyramidPool,
  image: Plane,
  windows: readonly Window[],
  onProgress: (done: number) => void,
  signal: AbortSignal,
): Promise<number> {
  let milliseconds = 0;
  let started = performance.now();
  for (const [i, window] of windows.entries()) {
    pool.forward(await backbone.features(crop(image, window)));
    const now = performance.now();
    if (now - started < PAUSE_EVERY && i < windows.length - 1) continue;
    milliseconds += now - started;
    onProgress(i + 1);
    await new Promise((resolve) => setTimeout(resolve));
    signal.throwIfAborted();
    started = performance.now();
  }
  return milliseconds;
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
