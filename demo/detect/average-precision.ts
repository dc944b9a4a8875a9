/** Average precision as PASCAL VOC measures it. */
import { type Box, iou } from './box.js';

/** A box that was found, with how sure the detector is of its class. */
export interface ScoredBox {
  readonly label: number;
  readonly score: number;
  readonly box: Box;
}

/** One picture: what was found in it, and what is there. */
export interface Judged {
  readonly found: readonly ScoredBox[];
  readonly truth: readonly { readonly label: number; readonly box: Box }[];
}

export interface AveragePrecision {
  /** The mean of the precision at 11 recalls, 0 to 1 (VOC 2007). */
  readonly points11: number;
  /** The area under the curve of precision by recall (VOC 2010). */
  readonly area: number;
}

/** A box counts as right from this intersection over union on. */
const LEAST_IOU = 0.5;

/** The mean over the classes of which there is at least one object. */
export function meanAveragePrecision(pictures: readonly Judged[], classes: number): AveragePrecision {
  const each = Array.from({ length: classes }, (_, label) => averagePrecision(pictures, label));
  const present = each.filter((value) => value !== undefined);
  const mean = (of: (value: AveragePrecision) => number) =>
    present.reduce((sum, value) => sum + of(value), 0) / present.length;
  return { points11: mean(({ points11 }) => points11), area: mean(({ area }) => area) };
}

/** Of one class; nothing where there is no object of it. */
export function averagePrecision(pictures: readonly Judged[], label: number): AveragePrecision | undefined {
  const total = pictures.reduce(
    (sum, { truth }) => sum + truth.filter((each) => each.label === label).length,
    0,
  );
  if (total === 0) return undefined;
  const hits = pictures
    .flatMap((picture) => judge(picture, label))
    .sort((a, b) => b.score - a.score)
    .map(({ hit }) => hit);
  return summarise(hits, total);
}

/** Which boxes hit an object: in the order of their scores, each object once. All further boxes on it are wrong. */
function judge({ found, truth }: Judged, label: number): { score: number; hit: boolean }[] {
  const objects = truth.filter((each) => each.label === label).map(({ box }) => ({ box, taken: false }));
  const ranked = found.filter((each) => each.label === label).sort((a, b) => b.score - a.score);
  return ranked.map(({ score, box }) => {
    let [best, overlap]: [(typeof objects)[number] | undefined, number] = [undefined, LEAST_IOU];
    for (const object of objects) {
      const value = iou(box, object.box);
      if (value >= overlap) [best, overlap] = [object, value];
    }
    const hit = best !== undefined && !best.taken;
    if (best) best.taken = true;
    return { score, hit };
  });
}

function summarise(hits: readonly boolean[], total: number): AveragePrecision {
  let right = 0;
  const curve = hits.map((hit, i) => {
    if (hit) right++;
    return { recall: right / total, precision: right / (i + 1) };
  });
  // Precision at a recall is the best at that recall or a higher one.
  for (let i = curve.length - 2; i >= 0; i--) {
    curve[i].precision = Math.max(curve[i].precision, curve[i + 1].precision);
  }
  let [area, before, points] = [0, 0, 0];
  for (const { recall, precision } of curve) {
    area += (recall - before) * precision;
    before = recall;
  }
  for (let point = 0; point <= 10; point++) {
    points += curve.find(({ recall }) => recall >= point / 10 - 1e-9)?.precision ?? 0;
  }
  return { points11: points / 11, area };
}
