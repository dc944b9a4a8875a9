import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { ratioOf } from '../core/index.js';
import type { EnginesReport } from './record.js';

const WIDEST = 100;

/** How many times its own bound each engine takes for forward and indices: a dot for each case. */
export function drawEngines({ results, engines }: EnginesReport): string {
  const { document } = parseHTML('<html></html>');
  const points = results
    .filter(({ module, operation }) => module !== 'bound' && operation === 'forward')
    .flatMap(({ case: name, engine, module, operation, samples }) => {
      const bound = results.find(
        (r) => r.case === name && r.operation === operation && r.engine === engine && r.module === 'bound',
      );
      return bound ? [{ case: name, engine, module, ratio: ratioOf(samples, bound.samples).median }] : [];
    });
  const svg = Plot.plot({
    document,
    width: 760,
    height: 40 + 34 * engines.length,
    marginLeft: 140,
    style: { background: 'white', color: '#222', fontSize: '12px' },
    x: {
      type: 'log',
      domain: [1, Math.max(WIDEST, ...points.map(({ ratio }) => ratio))],
      label: 'forward, times a sweep over the same bytes in the same engine',
      grid: true,
      tickFormat: String,
      ticks: [1, 2, 5, 10, 20, 50, 100],
    },
    y: { label: null, domain: engines.map(({ name }) => name) },
    color: { domain: ['simd', 'scalar'], range: ['#4269d0', '#ff725c'], legend: false },
    marks: [
      Plot.dot(points, { x: 'ratio', y: 'engine', stroke: 'module', r: 8 }),
      Plot.text(points, { x: 'ratio', y: 'engine', text: 'case', fill: 'module', fontSize: 10 }),
    ],
  });
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return `${svg.outerHTML}\n`;
}
