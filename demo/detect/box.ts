/** A rectangle of a picture, in pixel positions from 0; both corners lie within it. */
export interface Box {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

export const widthOf = ({ x1, x2 }: Box): number => x2 - x1 + 1;
export const heightOf = ({ y1, y2 }: Box): number => y2 - y1 + 1;
export const areaOf = (box: Box): number => widthOf(box) * heightOf(box);

/** The area that both cover. */
export function intersectionOf(a: Box, b: Box): number {
  const width = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1) + 1;
  const height = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1) + 1;
  return width > 0 && height > 0 ? width * height : 0;
}

/** Intersection over union: the area that both cover, by the area that either covers. */
export function iou(a: Box, b: Box): number {
  const both = intersectionOf(a, b);
  return both / (areaOf(a) + areaOf(b) - both);
}

/** The area that both cover, by that of the smaller one: 1 where one lies in the other. */
export function sharedPart(a: Box, b: Box): number {
  return intersectionOf(a, b) / Math.min(areaOf(a), areaOf(b));
}

/** Regions as `createRoiPyramidPool` takes them: `[K, 5]` of item, x1, y1, x2, y2. */
export function toRois(boxes: readonly Box[]): { data: Float32Array; dims: [number, number] } {
  const data = new Float32Array(boxes.length * 5);
  boxes.forEach(({ x1, y1, x2, y2 }, i) => {
    data.set([0, x1, y1, x2, y2], 5 * i);
  });
  return { data, dims: [boxes.length, 5] };
}

/** The box with a margin at each side, as a share of that side's length, within a picture. */
export function withMargin(
  box: Box,
  share: number,
  { height, width }: { height: number; width: number },
): Box {
  const [along, down] = [Math.round(share * widthOf(box)), Math.round(share * heightOf(box))];
  return {
    x1: Math.max(0, box.x1 - along),
    y1: Math.max(0, box.y1 - down),
    x2: Math.min(width - 1, box.x2 + along),
    y2: Math.min(height - 1, box.y2 + down),
  };
}
