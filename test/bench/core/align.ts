import { type AlignRule, referenceAlign, referenceAlignBackward } from '../../unit/reference-align.js';
import type { Case } from './case.js';
import { PIXELS } from './regions.js';

/** How the regions of a case are sampled. */
export const alignRule = ({ samplingRatio = 0 }: Case): AlignRule => ({
  spatialScale: 1 / PIXELS,
  samplingRatio,
  aligned: true,
});

const gridsOf = ({ levels }: Case) => levels.map((n) => [n, n] as const);

/** The expected output, which every answer is compared with. */
export function alignedOutput(c: Case, map: Float32Array, regions: Float32Array): Float32Array {
  return referenceAlign(map, c.dims, gridsOf(c), regions, alignRule(c));
}

export function alignedGradient(c: Case, gradOutput: Float32Array, regions: Float32Array): Float32Array {
  return referenceAlignBackward(gradOutput, c.dims, gridsOf(c), regions, alignRule(c));
}

/** Calls `visit` for every channel of every region: where its plane and its bins begin, and the region's corner and bins in cells. */
function forEachPlane(
  { dims: [, channels, height, width], levels }: Case,
  regions: Float32Array,
  visit: (plane: number, at: number, n: number, y: number, x: number, down: number, along: number) => void,
): void {
  let at = 0;
  for (let first = 0; first < regions.length; first += 5) {
    const x = regions[first + 1]! / PIXELS - 0.5;
    const y = regions[first + 2]! / PIXELS - 0.5;
    const regionWidth = regions[first + 3]! / PIXELS - 0.5 - x;
    const regionHeight = regions[first + 4]! / PIXELS - 0.5 - y;
    for (const n of levels) {
      for (let channel = 0; channel < channels; channel++) {
        const plane = (regions[first]! * channels + channel) * height * width;
        visit(plane, at, n, y, x, regionHeight / n, regionWidth / n);
        at += n * n;
      }
    }
  }
}

/** RoIAlign in plain loops: the position of every sample is computed again for every channel. */
export function alignInto(c: Case, map: Float32Array, regions: Float32Array, output: Float32Array): void {
  const { dims, samplingRatio: samples = 0 } = c;
  const height = dims[2];
  const width = dims[3];
  forEachPlane(c, regions, (plane, first, n, top, left, down, along) => {
    let at = first;
    for (let row = 0; row < n; row++) {
      for (let column = 0; column < n; column++) {
        let sum = 0;
        for (let i = 0; i < samples; i++) {
          const y = top + (row + (i + 0.5) / samples) * down;
          for (let j = 0; j < samples; j++) {
            const x = left + (column + (j + 0.5) / samples) * along;
            sum += interpolate(map, plane, height, width, y, x);
          }
        }
        output[at++] = sum / (samples * samples);
      }
    }
  });
}

function interpolate(
  map: Float32Array,
  plane: number,
  height: number,
  width: number,
  y: number,
  x: number,
): number {
  if (y < -1 || y > height || x < -1 || x > width) return 0;
  const row = Math.min(Math.max(y, 0), height - 1);
  const column = Math.min(Math.max(x, 0), width - 1);
  const top = Math.floor(row);
  const left = Math.floor(column);
  const low = row - top;
  const far = column - left;
  const right = far > 0 ? 1 : 0;
  const above = plane + top * width + left;
  const below = low > 0 ? above + width : above;
  return (
    (map[above]! * (1 - far) + map[above + right]! * far) * (1 - low) +
    (map[below]! * (1 - far) + map[below + right]! * far) * low
  );
}

/** Its gradient, likewise. */
export function alignBackwardInto(
  c: Case,
  gradOutput: Float32Array,
  regions: Float32Array,
  gradInput: Float32Array,
): void {
  const { dims, samplingRatio: samples = 0 } = c;
  const height = dims[2];
  const width = dims[3];
  gradInput.fill(0);
  forEachPlane(c, regions, (plane, first, n, top, left, down, along) => {
    let at = first;
    for (let row = 0; row < n; row++) {
      for (let column = 0; column < n; column++) {
        const share = gradOutput[at++]! / (samples * samples);
        for (let i = 0; i < samples; i++) {
          const y = top + (row + (i + 0.5) / samples) * down;
          for (let j = 0; j < samples; j++) {
            const x = left + (column + (j + 0.5) / samples) * along;
            spread(gradInput, plane, height, width, y, x, share);
          }
        }
      }
    }
  });
}

function spread(
  gradInput: Float32Array,
  plane: number,
  height: number,
  width: number,
  y: number,
  x: number,
  share: number,
): void {
  if (y < -1 || y > height || x < -1 || x > width) return;
  const row = Math.min(Math.max(y, 0), height - 1);
  const column = Math.min(Math.max(x, 0), width - 1);
  const top = Math.floor(row);
  const left = Math.floor(column);
  const low = row - top;
  const far = column - left;
  const right = far > 0 ? 1 : 0;
  const above = plane + top * width + left;
  const below = low > 0 ? above + width : above;
  gradInput[above]! += share * (1 - low) * (1 - far);
  gradInput[above + right]! += share * (1 - low) * far;
  gradInput[below]! += share * low * (1 - far);
  gradInput[below + right]! += share * low * far;
}
