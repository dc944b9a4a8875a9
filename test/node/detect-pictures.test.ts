/** Photographs and drawings of a visitor's own, by hands that the detector has not seen. Types are those of the demo. */
import { readFile } from 'node:fs/promises';
import { createRuntime } from 'pyramid-pool';
import { describe, expect, test } from 'vitest';
import { tfjsWasmFolder } from '../../demo/data/node-assets.js';
import type { ScoredBox } from '../../demo/detect/average-precision.js';
import { heightOf, iou, widthOf } from '../../demo/detect/box.js';
import { findComponents } from '../../demo/detect/components.js';
import { detect } from '../../demo/detect/detect.js';
import { DETECTORS } from '../../demo/detect/detectors.js';
import { fitWriting, scalesOfWriting } from '../../demo/detect/fit-writing.js';
import { withoutParts } from '../../demo/detect/parts.js';
import type { Scales } from '../../demo/detect/scales.js';
import { networkWith, readDetectorFile } from '../../demo/detect/weights.js';
import { inkOfPhotograph } from '../../demo/ink/photograph.js';
import type { Plane } from '../../demo/ink/plane.js';
import { resize } from '../../demo/ink/resize.js';
import { seededRandom } from '../../demo/train/random.js';
import { startTfjs } from '../../demo/train/tfjs.js';
import { hands, type Light, photographed, type Written, writePage } from './detect-hands.js';

await startTfjs(tfjsWasmFolder());
const runtime = await createRuntime({ threads: 1 });
const bytes = await readFile(new URL('../../demo/detect/fast-rcnn.bin', import.meta.url));
const network = networkWith(readDetectorFile(bytes));
const method = await DETECTORS['Fast R-CNN, roi-pool'](runtime);

const EVEN: Light = { paper: 0.9, pen: 0.15, fall: 0.1, shadow: 0, noise: 0.01 };
const UNEVEN: Light = { paper: 0.85, pen: 0.2, fall: 0.5, shadow: 0.4, noise: 0.02 };

/** How many digits are read, as the page shows them at first: with a score of 0.5 or more. */
async function read(
  picture: Plane,
  { ink, truth }: Written,
  scales?: Scales,
): Promise<{ right: number; wrong: number }> {
  const { found } = await detect(picture, { network, method, count: 2000, scales });
  const scale = picture.width / ink.width;
  const shown = withoutParts(found).filter(({ score }) => score >= 0.5);
  const isRight = ({ label, box }: ScoredBox) =>
    truth.some((digit) => {
      const { x1, y1, x2, y2 } = digit.box;
      const there = { x1: scale * x1, y1: scale * y1, x2: scale * x2, y2: scale * y2 };
      return digit.label === label && iou(box, there) >= 0.4;
    });
  const right = shown.filter(isRight).length;
  return { right, wrong: shown.length - right };
}

async function readAll(pages: readonly { picture: Plane; written: Written }[]) {
  const result = { right: 0, wrong: 0, all: 0 };
  for (const { picture, written } of pages) {
    const { right, wrong } = await read(picture, written);
    result.right += right;
    result.wrong += wrong;
    result.all += written.truth.length;
  }
  return result;
}

describe('digits that are written by hand are found', () => {
  test.each([
    ['on white paper', EVEN, 4],
    ['in uneven light, with the shadow of a hand', UNEVEN, 4],
    ['on squared paper', { ...UNEVEN, squares: { gap: 21, ink: 0.25 } }, 4],
    ['with chalk on a board', { ...EVEN, paper: 0.22, pen: 0.85, fall: 0.3 }, 6],
    ['with a pencil', { ...EVEN, pen: 0.5, noise: 0.02 }, 4],
  ] as const)('%s', async (_, light, pen) => {
    const random = seededRandom(31);
    const pages = hands.map((hand) => {
      const written = writePage({ height: 900, width: 700, hand, count: 20, sizes: [40, 110], pen }, random);
      return {
        picture: fitWriting(inkOfPhotograph(photographed(written.ink, light, random))).picture,
        written,
      };
    });
    const { right, wrong, all } = await readAll(pages);
    expect(all).toBe(100);
    expect(right).toBeGreaterThanOrEqual(0.96 * all);
    expect(wrong).toBeLessThanOrEqual(0.04 * all);
  });

  test.each([
    ['small, with the pen to begin with', [22, 50], 4.5],
    ['large', [90, 200], 4.5],
    ['large, with a fine pen', [70, 180], 2],
    ['with a broad pen', [60, 120], 9],
  ] as const)('drawn on the sheet: %s', async (_, sizes, pen) => {
    const random = seededRandom(32);
    // Large digits are few on a sheet: two on each, two sheets for each hand.
    const pages = Array.from({ length: 10 }, (_, i) => {
      const page = { height: 256, width: 384, hand: hands[i % 5], count: 2, first: (6 * i) % 10, sizes, pen };
      const written = writePage(page, random);
      return { picture: fitWriting(written.ink).picture, written };
    });
    const { right, wrong, all } = await readAll(pages);
    expect(right).toBeGreaterThanOrEqual(0.94 * all);
    expect(wrong).toBeLessThanOrEqual(0.12 * all);
  });
});

test('digits of very different sizes on one page are read at five scales', async () => {
  const random = seededRandom(61);
  const [atOne, atFive] = [
    { right: 0, wrong: 0 },
    { right: 0, wrong: 0 },
  ];
  let all = 0;
  for (const hand of hands.slice(0, 3)) {
    const written = writePage(
      { height: 1600, width: 1600, hand, count: 16, sizes: [30, 900], pen: 5 },
      random,
    );
    const fitted = fitWriting(inkOfPhotograph(photographed(written.ink, EVEN, random)));
    for (const [sum, scales] of [
      [atOne, undefined],
      [atFive, scalesOfWriting(fitted)],
    ] as const) {
      const { right, wrong } = await read(fitted.picture, written, scales);
      sum.right += right;
      sum.wrong += wrong;
    }
    all += written.truth.length;
  }
  expect(all).toBeGreaterThan(40);
  expect(atFive.right).toBeGreaterThanOrEqual(0.96 * all);
  expect(atFive.wrong).toBeLessThanOrEqual(0.04 * all);
  // One scale is too coarse for the small ones or too fine for the large ones.
  expect(atOne.right).toBeLessThan(0.92 * all);
});

describe('the ink of a photograph', () => {
  const random = seededRandom(33);
  const written = writePage(
    { height: 500, width: 400, hand: hands[0], count: 10, sizes: [40, 80], pen: 4 },
    random,
  );
  /** The share of pixels that are ink here and paper there, or the other way round, by those that are ink. */
  const difference = ({ values }: Plane) => {
    const wrong = values.filter((value, i) => value > 0.5 !== written.ink.values[i] > 0.5).length;
    return wrong / written.ink.values.filter((value) => value > 0.5).length;
  };

  test.each([
    ['even light', EVEN],
    ['uneven light', UNEVEN],
    ['squares', { ...EVEN, squares: { gap: 17, ink: 0.3 } }],
    ['a board', { ...EVEN, paper: 0.2, pen: 0.9 }],
    ['faint ink', { ...EVEN, pen: 0.6 }],
  ] as const)('is that of the pen: %s', (_, light) => {
    expect(difference(inkOfPhotograph(photographed(written.ink, light, random)))).toBeLessThan(0.15);
  });

  test('is none on blank paper', () => {
    const blank = { ...written.ink, values: written.ink.values.map(() => 0) };
    const { values } = inkOfPhotograph(photographed(blank, UNEVEN, random));
    expect(values.filter((value) => value > 0.5).length).toBeLessThan(0.001 * values.length);
  });
});

describe('writing is fitted to the detector', () => {
  const sidesOf = (picture: Plane) =>
    findComponents(picture, 0.5).map((box) => Math.max(widthOf(box), heightOf(box)));
  const middle = (numbers: readonly number[]) =>
    numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

  test.each([
    [300, 24, 2],
    [600, 50, 3],
    [1400, 140, 5],
    [1400, 140, 16],
  ])('on a page of %s pixels, with digits of %s and a pen of %s', (height, size, pen) => {
    const page = {
      height,
      width: height,
      hand: hands[1],
      count: 10,
      sizes: [size, 1.3 * size],
      pen,
    } as const;
    const fitted = fitWriting(writePage(page, seededRandom(34)).ink).picture;
    expect(middle(sidesOf(fitted))).toBeGreaterThan(20);
    expect(middle(sidesOf(fitted))).toBeLessThan(45);
    expect(fitted.values.every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  test('what lies around the paper is left out', () => {
    const { ink } = writePage(
      { height: 600, width: 600, hand: hands[0], count: 10, sizes: [40, 60], pen: 4 },
      seededRandom(35),
    );
    const values = ink.values.slice();
    for (let y = 0; y < 600; y++) values.fill(1, y * 600, y * 600 + 30 + Math.round(8 * Math.sin(y / 20)));
    expect(fitWriting({ ...ink, values }).picture.values.length).toBeGreaterThan(100 * 100);
    const left = fitWriting({ ...ink, values }).picture;
    expect(left.values.filter((value, i) => value > 0.5 && i % left.width < 0.03 * left.width).length).toBe(
      0,
    );
  });

  test('pictures without any writing come out as some picture', () => {
    for (const value of [0, 1]) {
      const blank = { values: new Float32Array(700 * 20).fill(value), height: 20, width: 700 };
      expect(fitWriting(blank).picture.values.every((each) => each === value)).toBe(true);
    }
    expect(
      fitWriting({ values: Float32Array.of(0.7), height: 1, width: 1 }).picture.values.length,
    ).toBeGreaterThan(0);
  });

  test('a smaller picture holds the means of what its pixels cover', () => {
    const values = Float32Array.from({ length: 6 * 9 }, (_, i) => Math.sin(i));
    const small = resize({ values, height: 6, width: 9 }, 2, 3);
    const mean = (top: number, left: number) => {
      let sum = 0;
      for (let y = top; y < top + 3; y++) for (let x = left; x < left + 3; x++) sum += values[y * 9 + x] / 9;
      return sum;
    };
    small.values.forEach((value, i) => {
      expect(value).toBeCloseTo(mean(3 * Math.floor(i / 3), 3 * (i % 3)), 5);
    });
    // Nothing is lost where pixels are covered in part.
    const odd = resize({ values: new Float32Array(70).fill(1), height: 7, width: 10 }, 3, 4);
    for (const value of odd.values) expect(value).toBeCloseTo(1, 5);
  });
});
