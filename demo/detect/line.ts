import type { Plane } from '../ink/plane.js';

export type Point = readonly [x: number, y: number];

/** Draws a line with round ends over what is lighter, its edge softened over one pixel. */
export function drawLine(
  { values, height, width }: Plane,
  [x1, y1]: Point,
  [x2, y2]: Point,
  thickness: number,
  ink: number,
): void {
  const radius = thickness / 2;
  const reach = Math.ceil(radius + 1);
  const [dx, dy] = [x2 - x1, y2 - y1];
  const squared = dx * dx + dy * dy || 1;
  const from = (a: number, b: number) => Math.max(0, Math.floor(Math.min(a, b)) - reach);
  const to = (a: number, b: number, size: number) => Math.min(size - 1, Math.ceil(Math.max(a, b)) + reach);
  for (let y = from(y1, y2); y <= to(y1, y2, height); y++) {
    for (let x = from(x1, x2); x <= to(x1, x2, width); x++) {
      const along = Math.max(0, Math.min(1, ((x - x1) * dx + (y - y1) * dy) / squared));
      const distance = Math.hypot(x - x1 - along * dx, y - y1 - along * dy);
      const value = ink * Math.max(0, Math.min(1, radius + 0.5 - distance));
      const at = y * width + x;
      if (value > values[at]) values[at] = value;
    }
  }
}

/** Lines from each point to the next; one point alone is a dot. */
export function drawPath(plane: Plane, path: readonly Point[], thickness: number, ink: number): void {
  path.forEach((point, i) => {
    drawLine(plane, path[Math.max(0, i - 1)], point, thickness, ink);
  });
}
