/** The parts of detectors: scenes, windows, boxes and average precision. Types are those of the demo. */
import { expect, test } from 'vitest';
import { loadDigits } from '../../demo/data/node-assets.js';
import { averagePrecision, type Judged, meanAveragePrecision } from '../../demo/detect/average-precision.js';
import { type Box, heightOf, iou, widthOf, withMargin } from '../../demo/detect/box.js';
import { drawLesson, makeExercise, partOf, placesToKeep } from '../../demo/detect/lessons.js';
import { BACKGROUND } from '../../demo/detect/network.js';
import { applyOffsets, offsetsTo } from '../../demo/detect/offsets.js';
import { withoutParts } from '../../demo/detect/parts.js';
import { recallOf } from '../../demo/detect/recall.js';
import { groupByScale, proposeAtScales, scaledBy } from '../../demo/detect/scales.js';
import { blank, LARGEST, makeScene, paintDigit, SMALLEST } from '../../demo/detect/scenes.js';
import { suppress } from '../../demo/detect/suppression.js';
import { shareBelief, vote } from '../../demo/detect/voting.js';
import { proposeWindows } from '../../demo/detect/windows.js';
import { resample } from '../../demo/ink/resample.js';
import { decodeDigits, scaleDigit, splitDigits } from '../../demo/train/digits.js';
import { seededRandom } from '../../demo/train/random.js';

const { test: heldOut } = splitDigits(decodeDigits(await loadDigits()), 2000, seededRandom(1));
const box = (x1: number, y1: number, x2: number, y2: number): Box => ({ x1, y1, x2, y2 });
const longSide = (each: Box) => Math.max(widthOf(each), heightOf(each));

test('a seed fixes a scene, whose digits have all sizes and lie apart', () => {
  const random = seededRandom(4);
  const scenes = Array.from({ length: 12 }, () => makeScene(heldOut, random));
  expect(makeScene(heldOut, seededRandom(4))).toEqual(scenes[0]);
  const digits = scenes.flatMap((scene) => scene.digits);
  const sides = digits.map((digit) => longSide(digit.box));
  expect(Math.min(...sides)).toBeGreaterThanOrEqual(SMALLEST);
  expect(Math.max(...sides)).toBeLessThanOrEqual(LARGEST);
  expect(sides.filter((side) => side < 20).length).toBeGreaterThan(0.2 * sides.length);
  expect(sides.filter((side) => side > 40).length).toBeGreaterThan(0.2 * sides.length);
  expect(new Set(digits.map(({ label }) => label)).size).toBe(10);
  for (const { picture, digits: placed } of scenes) {
    expect(placed.length).toBeGreaterThanOrEqual(5);
    expect(placed.length).toBeLessThanOrEqual(30);
    expect(picture.values.every((value) => value >= 0 && value <= 1)).toBe(true);
    placed.forEach((one, i) => {
      for (const other of placed.slice(i + 1)) expect(iou(one.box, other.box)).toBe(0);
    });
  }
});

test('of held-out digits, 97 % have a window that overlaps them by half', () => {
  const random = seededRandom(77);
  const scenes = Array.from({ length: 25 }, () => {
    const { picture, digits: truth } = makeScene(heldOut, random);
    const windows = proposeWindows(picture, 2000);
    expect(windows.length).toBe(2000);
    for (const { x1, y1, x2, y2 } of windows) {
      expect(x1 >= 0 && y1 >= 0 && x1 <= x2 && y1 <= y2 && x2 < picture.width && y2 < picture.height).toBe(
        true,
      );
    }
    return { windows, truth };
  });
  expect(scenes.flatMap(({ truth }) => truth).length).toBeGreaterThan(300);
  expect(recallOf(scenes)).toBeGreaterThanOrEqual(0.97);
  // One without any window counts as well.
  expect(recallOf([...scenes, { windows: [], truth: scenes[0].truth }])).toBeLessThan(recallOf(scenes));
});

test('pictures of any size have as many windows as asked for', () => {
  for (const [height, width] of [
    [1, 1],
    [5, 300],
    [40, 7],
  ] as const) {
    const picture = { values: new Float32Array(height * width).fill(0.5), height, width };
    const windows = proposeWindows(picture, 50);
    expect(windows.length).toBe(50);
    for (const { x1, y1, x2, y2 } of windows)
      expect([x1 >= 0, y1 >= 0, x2 < width, y2 < height]).not.toContain(false);
  }
});

test('of boxes that lie in each other the surest is kept, whatever they are', () => {
  const nine = { box: box(10, 10, 29, 59), score: 0.9, label: 9 };
  const loop = { box: box(11, 12, 28, 30), score: 0.8, label: 0 };
  const beside = { box: box(26, 10, 45, 59), score: 0.7, label: 1 };
  expect(withoutParts([beside, loop, nine])).toEqual([nine, beside]);
  // Its upper end, in a box that reaches out at both sides.
  const end = { box: box(4, 8, 33, 20), score: 0.6, label: 7 };
  expect(withoutParts([end, nine, beside])).toEqual([nine, beside]);
  const sure = { ...loop, score: 0.95 };
  expect(withoutParts([nine, sure, beside])).toEqual([sure, beside]);
});

test('boxes overlap by their shared pixels, and are moved as far as they are off', () => {
  expect(iou(box(0, 0, 9, 9), box(0, 0, 9, 9))).toBe(1);
  expect(iou(box(0, 0, 9, 9), box(5, 0, 14, 9))).toBeCloseTo(50 / 150);
  expect(iou(box(0, 0, 9, 9), box(10, 0, 19, 9))).toBe(0);
  const [window, target] = [box(10, 20, 29, 59), box(14, 18, 25, 61)];
  const moved = applyOffsets(window, offsetsTo(window, target));
  for (const side of ['x1', 'y1', 'x2', 'y2'] as const) expect(moved[side]).toBeCloseTo(target[side], 4);
  expect(applyOffsets(window, [0, 0, 0, 0])).toEqual(window);
  expect(withMargin(box(10, 0, 19, 9), 0.2, { height: 11, width: 40 })).toEqual(box(8, 0, 21, 10));
});

test('the strongest box stands for those that overlap it', () => {
  const boxes = [box(0, 0, 9, 9), box(1, 0, 10, 9), box(40, 0, 49, 9), box(2, 0, 11, 9)];
  expect(suppress(boxes, [0.5, 0.9, 0.2, 0.6], 0.3)).toEqual([
    { at: 1, group: [1, 3, 0] },
    { at: 2, group: [2] },
  ]);
});

test('windows that found the same thing say together where it is, and how sure they are', () => {
  const boxes = [box(10, 10, 29, 49), box(12, 10, 31, 49), box(10, 14, 29, 53), box(22, 10, 41, 49)];
  // The last one overlaps the surest by less than half.
  const { box: voted, score } = vote(boxes, [0.9, 0.6, 0.3, 0.2]);
  expect(score).toBeCloseTo(0.75);
  expect(voted.x1).toBeCloseTo((0.9 * 10 + 0.6 * 12 + 0.3 * 10) / 1.8);
  expect(voted.y2).toBeCloseTo((0.9 * 49 + 0.6 * 49 + 0.3 * 53) / 1.8);
  const alone = vote([boxes[0]], [0.8]);
  expect(alone.score).toBe(0.8);
  expect(alone.box.x1).toBeCloseTo(10);
});

test('a box in the place of a surer one of another class is left what belief that one leaves', () => {
  const nine = { box: box(10, 10, 29, 59), score: 0.9, label: 9 };
  const four = { box: box(10, 12, 29, 59), score: 0.6, label: 4 };
  const loop = { box: box(11, 12, 28, 30), score: 0.8, label: 0 };
  const beside = { box: box(28, 10, 45, 59), score: 0.7, label: 1 };
  const again = { box: box(12, 14, 30, 62), score: 0.5, label: 9 };
  const shared = shareBelief([beside, loop, four, nine, again]);
  expect(shared.map(({ label }) => label)).toEqual([9, 1, 9, 0, 4]);
  const scores = shared.map(({ score }) => score);
  [0.9, 0.7, 0.5, 0.08, 0.06].forEach((score, i) => {
    expect(scores[i]).toBeCloseTo(score);
  });
});

test('windows are proposed at every scale, and each belongs to the scale that suits it', () => {
  const random = seededRandom(78);
  const digits = Array.from({ length: 8 }, () => heldOut[Math.floor(random() * heldOut.length)]);
  // From a tenth as high as the picture to most of it.
  const picture = blank(400, 1400);
  const truth = digits.map((digit, i) => {
    const scaled = scaleDigit(digit, (40 * 1.33 ** i) / digit.height);
    const at = { x1: [0, 60, 130, 220, 330, 470, 660, 920][i] + 10, y1: 5 };
    paintDigit(picture, scaled, at);
    return { box: box(at.x1, at.y1, at.x1 + scaled.width - 1, at.y1 + scaled.height - 1) };
  });
  const scales = scaledBy(picture, [0.2, 0.5, 1]);
  expect(scales.sides).toEqual([80, 200, 400]);
  expect(scales.at(200)).toMatchObject({ height: 200, width: 700 });
  expect(scales.at(400)).toBe(picture);
  const windows = proposeAtScales(picture, scales, 600);
  expect(windows.length).toBe(600);
  expect(recallOf([{ windows, truth }])).toBe(1);
  expect(recallOf([{ windows: proposeWindows(picture, 600), truth }])).toBeLessThan(0.8);
  const groups = groupByScale(windows, picture, scales.sides);
  expect([...groups.values()].flat().sort((a, b) => a - b)).toEqual([...windows.keys()]);
  for (const places of groups.values()) expect(places.length).toBeGreaterThanOrEqual(100);
  const middleOf = (side: number) => {
    const sides = (groups.get(side) ?? []).map((at) => longSide(windows[at])).sort((a, b) => a - b);
    return sides[Math.floor(sides.length / 2)];
  };
  expect(middleOf(80)).toBeGreaterThan(middleOf(200));
  expect(middleOf(200)).toBeGreaterThan(middleOf(400));
});

test('average precision is that of VOC', () => {
  const there = (label: number, ...at: Box[]) => at.map((each) => ({ label, box: each }));
  const [a, b, c, d] = [box(0, 0, 9, 9), box(20, 0, 29, 9), box(40, 0, 49, 9), box(60, 0, 69, 9)] as const;
  const found = (...list: [Box, number][]) => list.map(([each, score]) => ({ label: 3, score, box: each }));
  const perfect: Judged = { truth: there(3, a, b), found: found([a, 0.9], [b, 0.4]) };
  expect(averagePrecision([perfect], 3)).toEqual({ points11: 1, area: 1 });
  // Right, wrong, right again on what was found already, right: of four objects two are found, at precisions 1 and 2/4.
  const mixed: Judged = {
    truth: there(3, a, b, c, d),
    found: found([a, 0.9], [box(100, 0, 109, 9), 0.8], [box(1, 0, 10, 9), 0.7], [b, 0.6]),
  };
  const result = averagePrecision([mixed], 3);
  expect(result?.area).toBeCloseTo(0.25 * 1 + 0.25 * 0.5);
  // Recalls 0, 0.1 and 0.2 have precision 1; 0.3, 0.4 and 0.5 have 0.5.
  expect(result?.points11).toBeCloseTo((3 * 1 + 3 * 0.5) / 11);
  expect(averagePrecision([mixed], 7)).toBeUndefined();
  // The scores of all pictures are ranked together.
  const empty: Judged = { truth: [], found: found([a, 0.95]) };
  expect(averagePrecision([perfect, empty], 3)?.area).toBeCloseTo((1 / 2 + 2 / 3 + (2 / 3 - 1 / 2)) / 2);
  expect(meanAveragePrecision([perfect, { truth: there(5, a), found: [] }], 10)).toEqual({
    points11: 0.5,
    area: 0.5,
  });
});

test('a lesson has windows of digits, of clutter, and nothing between', () => {
  const random = seededRandom(6);
  const exercise = makeExercise(makeScene(heldOut, random), 400);
  const lesson = drawLesson(exercise, 20, 60, random);
  lesson.windows.forEach((window, i) => {
    const overlaps = exercise.scene.digits.map((digit) => iou(window, digit.box));
    const most = Math.max(...overlaps);
    if (lesson.labels[i] === BACKGROUND) {
      expect(most).toBeLessThan(0.5);
      expect(lesson.offsets[i]).toBeUndefined();
    } else {
      expect(most).toBeGreaterThanOrEqual(0.6);
      const digit = exercise.scene.digits[overlaps.indexOf(most)];
      expect(lesson.labels[i]).toBe(digit.label);
      expect(iou(applyOffsets(window, lesson.offsets[i] ?? []), digit.box)).toBeGreaterThan(0.99);
    }
  });
  const beliefs = lesson.labels.map((_, i) => (i * 37) % 100);
  const kept = partOf(lesson, placesToKeep(lesson, beliefs, { hard: 10, easy: 5 }));
  const none = lesson.windows.filter((_, i) => lesson.labels[i] === BACKGROUND);
  const belief = (window: Box) => beliefs[lesson.windows.indexOf(window)];
  const keptNone = kept.windows.filter((_, i) => kept.labels[i] === BACKGROUND);
  expect(kept.windows.length - keptNone.length).toBe(lesson.windows.length - none.length);
  expect(keptNone.length).toBe(15);
  expect(new Set(keptNone).size).toBe(15);
  const tenth = none.map(belief).sort((a, b) => a - b)[9];
  expect(keptNone.filter((window) => belief(window) <= tenth).length).toBeGreaterThanOrEqual(10);
});

test('a part of a picture is resampled as that part alone', () => {
  const values = Float32Array.from({ length: 12 * 9 }, (_, i) => Math.sin(i));
  const whole = { values, height: 12, width: 9 };
  const part = { top: 3, left: 2, height: 6, width: 5 };
  const cut = new Float32Array(30);
  for (let y = 0; y < 6; y++) cut.set(values.subarray((3 + y) * 9 + 2, (3 + y) * 9 + 7), y * 5);
  const own = resample({ values: cut, height: 6, width: 5 }, 8, 11);
  expect(resample(whole, 8, 11, part)).toEqual(own);
  expect(resample(whole, 12, 9)).toEqual(whole);
});
