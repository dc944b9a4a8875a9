/** Large pictures of digits of many sizes on clutter, with the truth about them. */
import type { Plane } from '../ink/plane.js';
import type { Digit } from '../train/digits.js';
import type { Random } from '../train/random.js';
import { type Box, iou } from './box.js';
import { addNoise } from './clutter.js';
import { CLUTTERED, type SceneStyle } from './scene-styles.js';

/** A digit in a scene: its class, and the rectangle that its ink fills. */
export interface SceneDigit {
  readonly label: number;
  readonly box: Box;
}

export interface Scene {
  readonly picture: Plane;
  readonly digits: readonly SceneDigit[];
}

export const SCENE_HEIGHT = 288;
export const SCENE_WIDTH = 384;

/** The longer side of a digit, in pixels. */
export const SMALLEST = 10;
export const LARGEST = 80;
const FEWEST = 5;
const MOST = 30;
const TRIES = 60;

/** A scene with digits drawn from `digits`: the same one for the same state of `random`. */
export function makeScene(digits: readonly Digit[], random: Random, style: SceneStyle = CLUTTERED): Scene {
  const picture = blank(SCENE_HEIGHT, SCENE_WIDTH);
  style.drawBackground(picture, random);
  const count = FEWEST + Math.floor((MOST - FEWEST + 1) * random());
  // Large ones first: they need the room.
  const sides = Array.from({ length: count }, () => drawSide(random)).sort((a, b) => b - a);
  const placed: SceneDigit[] = [];
  for (const side of sides) {
    const digit = style.drawDigit(digits, side, random);
    const box = findPlace(digit, placed, random);
    if (!box) continue;
    paintDigit(picture, digit, box);
    placed.push({ label: digit.label, box });
  }
  addNoise(picture, random);
  return { picture, digits: placed };
}

/** As many small digits as large ones, by the logarithm of their size. */
export function drawSide(random: Random): number {
  return SMALLEST * (LARGEST / SMALLEST) ** random();
}

/** Paints ink over what is there; what lies outside of the picture is cut off. */
export function paintDigit(
  { values, height, width }: Plane,
  digit: Digit,
  { x1, y1 }: Pick<Box, 'x1' | 'y1'>,
): void {
  for (let y = Math.max(0, -y1); y < Math.min(digit.height, height - y1); y++) {
    for (let x = Math.max(0, -x1); x < Math.min(digit.width, width - x1); x++) {
      const at = (y1 + y) * width + x1 + x;
      values[at] = Math.max(values[at], digit.pixels[y * digit.width + x]);
    }
  }
}

export function blank(height: number, width: number): Plane {
  return { values: new Float32Array(height * width), height, width };
}

/** A rectangle that meets no other one, or nothing where none was found. */
function findPlace({ height, width }: Digit, placed: readonly SceneDigit[], random: Random): Box | undefined {
  for (let i = 0; i < TRIES; i++) {
    const x1 = Math.floor(random() * (SCENE_WIDTH - width + 1));
    const y1 = Math.floor(random() * (SCENE_HEIGHT - height + 1));
    const box = { x1, y1, x2: x1 + width - 1, y2: y1 + height - 1 };
    if (placed.every((other) => iou(box, other.box) === 0)) return box;
  }
  return undefined;
}
