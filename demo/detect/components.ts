import type { Plane } from '../ink/plane.js';
import type { Box } from './box.js';

/** The bounding boxes of what hangs together, by sides and by corners, where values are greater than `threshold`. */
export function findComponents(plane: Plane, threshold: number): Box[] {
  const seen = new Uint8Array(plane.values.length);
  const open = new Int32Array(plane.values.length);
  const boxes: Box[] = [];
  for (let start = 0; start < seen.length; start++) {
    if (seen[start] || !(plane.values[start] > threshold)) continue;
    boxes.push(flood(plane, threshold, start, seen, open));
  }
  return boxes;
}

function flood(
  { values, height, width }: Plane,
  threshold: number,
  start: number,
  seen: Uint8Array,
  open: Int32Array,
): Box {
  let [x1, y1, x2, y2] = [width, height, 0, 0];
  let count = 0;
  seen[start] = 1;
  open[count++] = start;
  while (count > 0) {
    const at = open[--count];
    const y = Math.floor(at / width);
    const x = at - y * width;
    if (x < x1) x1 = x;
    if (x > x2) x2 = x;
    if (y < y1) y1 = y;
    if (y > y2) y2 = y;
    for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
      for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
        const next = ny * width + nx;
        if (seen[next] || !(values[next] > threshold)) continue;
        seen[next] = 1;
        open[count++] = next;
      }
    }
  }
  return { x1, y1, x2, y2 };
}
