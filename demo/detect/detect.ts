import type { Plane } from '../ink/plane.js';
import type { ScoredBox } from './average-precision.js';
import type { Box } from './box.js';
import { softmax } from './loss.js';
import { type InferOptions, type Method, type Pause, viewsOf } from './methods.js';
import { type DetectorNetwork, DIGITS, OUTPUTS, SCORES } from './network.js';
import { applyOffsets } from './offsets.js';
import { noTimes, type Times, timed } from './stopwatch.js';
import { suppress } from './suppression.js';
import { proposeWindows } from './windows.js';

/** A box that was found, and the windows that led to it. */
export interface Detection extends ScoredBox {
  /** Places in the list of windows. */
  readonly windows: readonly number[];
}

export interface Detected {
  readonly windows: readonly Box[];
  /** From the highest score down. */
  readonly found: readonly Detection[];
  readonly times: Times;
}

export interface DetectOptions {
  readonly network: DetectorNetwork;
  readonly method: Method;
  /** How many windows are proposed. */
  readonly count: number;
  /** Boxes that are less likely than this are not there; 0.02 by default. */
  readonly least?: number;
  readonly pause?: Pause | undefined;
  readonly onMap?: InferOptions['onMap'];
}

/** Boxes of one class that overlap by more than this (intersection over union) are one. */
const MOST_OVERLAP = 0.3;

/** Finds the digits of a picture. */
export async function detect(picture: Plane, options: DetectOptions): Promise<Detected> {
  const { network, method, count, least = 0.02, pause, onMap } = options;
  const times = noTimes();
  const windows = timed(times, 'rest', () => proposeWindows(picture, count));
  const outputs = await method.infer(network, picture, viewsOf(windows, picture), { times, pause, onMap });
  const found = timed(times, 'rest', () => boxesOf(outputs, windows, picture, least));
  return { windows, found, times };
}

function boxesOf(outputs: Float32Array, windows: readonly Box[], picture: Plane, least: number): Detection[] {
  const beliefs = windows.map((_, at) => softmax(outputs.subarray(at * OUTPUTS, at * OUTPUTS + SCORES)));
  const moved = windows.map((window, at) =>
    clip(applyOffsets(window, outputs.subarray(at * OUTPUTS + SCORES, (at + 1) * OUTPUTS)), picture),
  );
  const found: Detection[] = [];
  for (let label = 0; label < DIGITS; label++) {
    const places = windows.flatMap((_, at) => (beliefs[at][label] >= least ? [at] : []));
    const boxes = places.map((at) => moved[at]);
    const scores = places.map((at) => beliefs[at][label]);
    for (const { at, group } of suppress(boxes, scores, MOST_OVERLAP)) {
      found.push({ label, score: scores[at], box: boxes[at], windows: group.map((i) => places[i]) });
    }
  }
  return found.sort((a, b) => b.score - a.score);
}

/** Boxes end where the picture does. */
function clip({ x1, y1, x2, y2 }: Box, { height, width }: Plane): Box {
  const within = (place: number, size: number) => Math.max(0, Math.min(size - 1, place));
  return { x1: within(x1, width), y1: within(y1, height), x2: within(x2, width), y2: within(y2, height) };
}
