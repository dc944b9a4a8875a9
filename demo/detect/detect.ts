import type { Plane } from '../ink/plane.js';
import type { ScoredBox } from './average-precision.js';
import type { Box } from './box.js';
import { softmax } from './loss.js';
import { type InferOptions, type Method, type Pause, viewsOf } from './methods.js';
import { type DetectorNetwork, DIGITS, OUTPUTS, SCORES } from './network.js';
import { applyOffsets } from './offsets.js';
import { proposeAtScales, type Scales } from './scales.js';
import { noTimes, type Times, timed } from './stopwatch.js';
import { suppress } from './suppression.js';
import { shareBelief, vote } from './voting.js';
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
  readonly pause?: Pause | undefined;
  /** Where they are given, windows are proposed and pooled at these scales of the picture. */
  readonly scales?: Scales | undefined;
  readonly onMap?: InferOptions['onMap'];
}

/** Boxes of one class that overlap by more than this (intersection over union) are one. */
const MOST_OVERLAP = 0.3;

/** Windows with less belief in a class do not make boxes of it. Average precision needs the unsure ones too: they cost nothing there. */
const LEAST_BELIEF = 0.002;

/** Finds the digits of a picture. */
export async function detect(picture: Plane, options: DetectOptions): Promise<Detected> {
  const { network, method, count, pause, scales, onMap } = options;
  const times = noTimes();
  const windows = timed(times, 'rest', () =>
    scales ? proposeAtScales(picture, scales, count) : proposeWindows(picture, count),
  );
  const views = viewsOf(windows, picture);
  const outputs = await method.infer(network, picture, views, { times, pause, scales, onMap });
  const found = timed(times, 'rest', () => boxesOf(outputs, windows, picture));
  return { windows, found, times };
}

function boxesOf(outputs: Float32Array, windows: readonly Box[], picture: Plane): Detection[] {
  const beliefs = windows.map((_, at) => softmax(outputs.subarray(at * OUTPUTS, at * OUTPUTS + SCORES)));
  const moved = windows.map((window, at) =>
    clip(applyOffsets(window, outputs.subarray(at * OUTPUTS + SCORES, (at + 1) * OUTPUTS)), picture),
  );
  const found: Detection[] = [];
  for (let label = 0; label < DIGITS; label++) {
    const places = windows.flatMap((_, at) => (beliefs[at][label] >= LEAST_BELIEF ? [at] : []));
    const boxes = places.map((at) => moved[at]);
    const scores = places.map((at) => beliefs[at][label]);
    for (const { group } of suppress(boxes, scores, MOST_OVERLAP)) {
      const { box, score } = vote(
        group.map((i) => boxes[i]),
        group.map((i) => scores[i]),
      );
      found.push({ label, score, box, windows: group.map((i) => places[i]) });
    }
  }
  return shareBelief(found);
}

/** Boxes end where the picture does. */
function clip({ x1, y1, x2, y2 }: Box, { height, width }: Plane): Box {
  const within = (place: number, size: number) => Math.max(0, Math.min(size - 1, place));
  return { x1: within(x1, width), y1: within(y1, height), x2: within(x2, width), y2: within(y2, height) };
}
