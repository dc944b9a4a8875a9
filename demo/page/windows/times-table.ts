import type { Times } from '../../detect/stopwatch.js';
import { element } from '../ui/dom.js';
import type { ScaleUse } from './detector-desk.js';

const PARTS: readonly (keyof Times)[] = ['convolutions', 'pooling', 'connected', 'rest'];

/** Writes a column of the table of times: part by part, and all together. */
export function showTimes(root: HTMLElement, column: 'fast' | 'rcnn', times: Times | undefined): void {
  for (const part of PARTS) {
    element(root, `#${column}-${part}`).textContent = times ? inMs(times[part]) : '–';
  }
  element(root, `#${column}-total`).textContent = times ? inMs(totalOf(times)) : '–';
}

/** How many windows were pooled at each scale; nothing where there is one. */
export function describeScales(scales: readonly ScaleUse[]): string {
  if (scales.length === 1) return '';
  const each = scales.map(
    ({ height, width, windows }) => `${windows.toLocaleString('en-US')} at ${width} × ${height}`,
  );
  return `Windows by the scale that they are pooled at, in pixels: ${each.join(', ')}. What is shown of single windows is that of the picture as it is.`;
}

export function totalOf(times: Times): number {
  return PARTS.reduce((sum, part) => sum + times[part], 0);
}

/** Each part's median. */
export function medianTimes(all: readonly Times[]): Times {
  const of = (part: keyof Times) => median(all.map((times) => times[part]));
  return {
    convolutions: of('convolutions'),
    pooling: of('pooling'),
    connected: of('connected'),
    rest: of('rest'),
  };
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

export function inMs(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}
