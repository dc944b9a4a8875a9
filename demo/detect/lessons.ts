/** What detectors learn from: a few windows of a scene, with what each of them shows. */
import type { Plane } from '../ink/plane.js';
import { type Random, shuffled } from '../train/random.js';
import { type Box, iou } from './box.js';
import { BACKGROUND } from './network.js';
import { offsetsTo } from './offsets.js';
import type { Scene, SceneDigit } from './scenes.js';
import { proposeWindows } from './windows.js';

/** A scene whose windows have been compared with the truth. */
export interface Exercise {
  readonly scene: Scene;
  readonly windows: readonly Box[];
  /** For each window: the digit it shows, `BACKGROUND`, or `UNCLEAR`. */
  readonly labels: Int32Array;
  /** For each window: the box of the digit that it overlaps most, if it overlaps any. */
  readonly targets: readonly (Box | undefined)[];
}

/** Windows to learn from at once. */
export interface Lesson {
  readonly picture: Plane;
  readonly windows: readonly Box[];
  readonly labels: readonly number[];
  /** For each window that shows a digit: how its box differs. */
  readonly offsets: readonly (readonly number[] | undefined)[];
}

/** From this overlap with a digit on, a window shows it; below the other one it shows none. Between them it teaches nothing. */
const SHOWS = 0.6;
const SHOWS_NONE = 0.5;
const UNCLEAR = -1;

export function makeExercise(scene: Scene, count: number): Exercise {
  // The digits' own boxes are windows too, as in R-CNN: to learn from, not to be tested with.
  const windows = [...proposeWindows(scene.picture, count), ...scene.digits.map(({ box }) => box)];
  const labels = new Int32Array(windows.length).fill(BACKGROUND);
  const targets = windows.map((window, i) => {
    const { digit, overlap } = nearest(scene, window);
    if (overlap >= SHOWS_NONE) labels[i] = UNCLEAR;
    if (digit && overlap >= SHOWS) labels[i] = digit.label;
    return digit?.box;
  });
  return { scene, windows, labels, targets };
}

function nearest({ digits }: Scene, window: Box): { digit: SceneDigit | undefined; overlap: number } {
  let [digit, overlap]: [SceneDigit | undefined, number] = [undefined, 0];
  for (const each of digits) {
    const value = iou(window, each.box);
    if (value > overlap) [digit, overlap] = [each, value];
  }
  return { digit, overlap };
}

/** Draws windows of an exercise by chance: so many with digits, and so many without. */
export function drawLesson(exercise: Exercise, withDigit: number, without: number, random: Random): Lesson {
  const { labels } = exercise;
  const places = shuffled([...labels.keys()], random);
  const shown = places.filter((at) => labels[at] >= 0 && labels[at] !== BACKGROUND).slice(0, withDigit);
  const none = places.filter((at) => labels[at] === BACKGROUND).slice(0, without);
  return lessonOf(exercise, [...shown, ...none]);
}

function lessonOf({ scene, windows, labels, targets }: Exercise, places: readonly number[]): Lesson {
  return {
    picture: scene.picture,
    windows: places.map((at) => windows[at]),
    labels: places.map((at) => labels[at]),
    offsets: places.map((at) => {
      const target = targets[at];
      return labels[at] === BACKGROUND || !target ? undefined : offsetsTo(windows[at], target);
    }),
  };
}

/** Which windows of a lesson to keep: all with a digit, and few without: those `hard` that a network takes most for one, and `easy` by chance. */
export function placesToKeep(
  { labels }: Lesson,
  beliefInNone: ArrayLike<number>,
  { hard, easy }: { readonly hard: number; readonly easy: number },
): number[] {
  const places = [...labels.keys()];
  const none = places.filter((at) => labels[at] === BACKGROUND);
  const ranked = none.toSorted((a, b) => beliefInNone[a] - beliefInNone[b]);
  const hardest = new Set(ranked.slice(0, hard));
  // They were drawn by chance, so the first ones are as good as any.
  const others = none.filter((at) => !hardest.has(at)).slice(0, easy);
  return [...places.filter((at) => labels[at] !== BACKGROUND), ...hardest, ...others];
}

/** The lesson with these of its windows. */
export function partOf({ picture, windows, labels, offsets }: Lesson, places: readonly number[]): Lesson {
  return {
    picture,
    windows: places.map((at) => windows[at]),
    labels: places.map((at) => labels[at]),
    offsets: places.map((at) => offsets[at]),
  };
}
