/** A picture at several scales: each window is pooled at the scale at which it has the size that suits it (the paper, section 4.2). */
import { chooseScale, scaleWindow } from 'pyramid-pool';
import type { Plane } from '../ink/plane.js';
import { resize } from '../ink/resize.js';
import type { Box } from './box.js';
import { proposeWindows } from './windows.js';

/** The scales of a picture, by the length of its shorter side. */
export interface Scales {
  readonly sides: readonly number[];
  /** The picture with its shorter side so long. */
  at(side: number): Plane;
}

/** At the scale that is chosen for it, a window is nearest to a square of this side, in pixels; the paper has 224. */
const WINDOW_SIDE = 28;

/** The picture resized by each of these factors. */
export function scaledBy(picture: Plane, factors: readonly number[]): Scales {
  const side = shorterSide(picture);
  return scalesFrom(sidesOf(picture, factors), (length) =>
    resize(picture, ...sizeAt(picture, length / side)),
  );
}

/** Scales that `make` makes, each when it is first asked for. */
export function scalesFrom(sides: readonly number[], make: (side: number) => Plane): Scales {
  const made = new Map<number, Plane>();
  const at = (side: number) => {
    const picture = made.get(side) ?? make(side);
    made.set(side, picture);
    return picture;
  };
  return { sides, at };
}

/** The shorter sides that a picture has after it was resized by these factors, each once. */
export function sidesOf(picture: Plane, factors: readonly number[]): number[] {
  const side = shorterSide(picture);
  return [...new Set(factors.map((factor) => Math.max(1, Math.round(factor * side))))];
}

/** Height and width of a picture that is resized by this factor. */
export function sizeAt({ height, width }: Plane, factor: number): [height: number, width: number] {
  const scaled = (size: number) => Math.max(1, Math.round(factor * size));
  return [scaled(height), scaled(width)];
}

export function shorterSide({ height, width }: Plane): number {
  return Math.min(height, width);
}

/** Which windows of a picture are pooled at which of its scales: their places in the list, by the shorter side. */
export function groupByScale(
  windows: readonly Box[],
  picture: Plane,
  sides: readonly number[],
): Map<number, number[]> {
  const groups = new Map<number, number[]>(sides.map((side) => [side, []]));
  const options = { scales: sides, windowSize: WINDOW_SIDE };
  windows.forEach(({ x1, y1, x2, y2 }, place) => {
    groups.get(chooseScale([x1, y1, x2, y2], shorterSide(picture), options))?.push(place);
  });
  return groups;
}

/**
 * So many windows of a picture, in its pixels. They are proposed at each scale, which contributes those windows that are pooled at
 * it: a digit that is too large or too small for a window at one scale has one at another.
 */
export function proposeAtScales(picture: Plane, { sides, at }: Scales, count: number): Box[] {
  const lists = sides.map((side) => {
    const windows = proposeWindows(at(side), count).map((window) =>
      scaledBox(window, side, shorterSide(picture)),
    );
    return (groupByScale(windows, picture, sides).get(side) ?? []).map((place) => windows[place]);
  });
  const share = Math.ceil(count / sides.length);
  const chosen = lists.flatMap((list) => list.slice(0, share));
  const others = lists.flatMap((list) => list.slice(share));
  return [...chosen, ...others, ...proposeWindows(picture, count)].slice(0, count);
}

/** A window of the picture with the shorter side `from`, in the one with the shorter side `to`. */
export function scaledBox({ x1, y1, x2, y2 }: Box, from: number, to: number): Box {
  const [left, top, right, bottom] = scaleWindow([x1, y1, x2, y2], from, to);
  return { x1: left, y1: top, x2: right, y2: bottom };
}
