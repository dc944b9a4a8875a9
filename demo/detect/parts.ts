import { type Box, sharedPart } from './box.js';

/** From this share of the smaller box on, two boxes are of one thing. */
const SHARED = 0.55;

/**
 * Boxes from the surest down, without those that lie in a kept one or around it, whatever their classes: the loop of a nine is a zero
 * too, and a digit and what is beside it may look like another one. Digits do not overlap.
 */
export function withoutParts<T extends { readonly box: Box; readonly score: number }>(
  found: readonly T[],
): T[] {
  const kept: T[] = [];
  for (const each of found.toSorted((a, b) => b.score - a.score)) {
    if (kept.every(({ box }) => sharedPart(box, each.box) < SHARED)) kept.push(each);
  }
  return kept;
}
