/** What windows that found the same thing say together, and how much belief is left to boxes that contradict each other. */
import type { ScoredBox } from './average-precision.js';
import { type Box, iou, sharedPart } from './box.js';

/** From this intersection over union with the surest box on, a box has a vote. */
const VOTES = 0.5;
/** The score is the mean of that many. */
const SUREST = 2;

/**
 * The box of a group, surest first, of which all are meant to be one: its sides are the mean of those that overlap the surest, by their
 * scores (box voting, Gidaris and Komodakis 2015). Its score is the mean of the two surest ones: a mistake is often that of one window.
 */
export function vote(boxes: readonly Box[], scores: readonly number[]): { box: Box; score: number } {
  const voters = [...boxes.keys()].filter((at) => iou(boxes[at], boxes[0]) >= VOTES);
  const all = sumOf(voters.map((at) => scores[at]));
  const mean = (side: keyof Box) => sumOf(voters.map((at) => scores[at] * boxes[at][side])) / all;
  const surest = voters.slice(0, SUREST).map((at) => scores[at]);
  return {
    box: { x1: mean('x1'), y1: mean('y1'), x2: mean('x2'), y2: mean('y2') },
    score: sumOf(surest) / surest.length,
  };
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

/** From this share of the smaller box on, boxes of two classes contradict each other: digits do not overlap. */
const CONTRADICTS = 0.55;
/** Boxes that are less sure than this contradict nobody: it would make no difference. */
const LEAST_SURE = 0.1;

/**
 * Boxes whose scores are lowered by what surer boxes of other classes in the same place leave of the belief: a digit is one of two classes,
 * and the loop of a nine is no zero (a softer form of suppression, as Soft-NMS by Bodla et al. 2017). From the highest score down.
 */
export function shareBelief<T extends ScoredBox>(found: readonly T[]): T[] {
  const sure: T[] = [];
  const left = found
    .toSorted((a, b) => b.score - a.score)
    .map((each) => {
      const contradicting = sure.filter(
        ({ label, box }) => label !== each.label && sharedPart(box, each.box) >= CONTRADICTS,
      );
      const most = Math.max(0, ...contradicting.map(({ score }) => score));
      const changed = { ...each, score: each.score * (1 - most) };
      if (changed.score >= LEAST_SURE) sure.push(changed);
      return changed;
    });
  return left.sort((a, b) => b.score - a.score);
}
