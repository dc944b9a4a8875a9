import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { cellsOf, spreadOf, sweep } from '../core/index.js';
import type { Report } from './report.js';

interface Point {
  readonly size: number;
  readonly engine: string;
  /** Billions of bytes of the map a second. */
  readonly throughput: number;
}

/** Throughput against map size, one picture for each number of channels. */
export async function sweepPlot({ results }: Report): Promise<[channels: number, svg: string][]> {
  const byChannels = new Map<number, Point[]>();
  for (const { case: name, engine, samples } of results) {
    const c = sweep.find((point) => point.name === name);
    if (!c) continue;
    const [, channels, , size] = c.dims;
    const throughput = (4 * cellsOf(c)) / (1000 * spreadOf(samples).median);
    byChannels.set(channels, [...(byChannels.get(channels) ?? []), { size, engine, throughput }]);
  }
  return [...byChannels].map(([channels, points]) => [channels, draw(channels, points)]);
}

function draw(channels: number, points: readonly Point[]): string {
  const { document } = parseHTML('<html></html>');
  const common = { x: 'size', y: 'throughput' };
  const last = Math.max(...points.map(({ size }) => size));
  const svg = Plot.plot({
    document,
    title: undefined,
    width: 760,
    height: 420,
    marginRight: 130,
    style: { background: 'white', color: '#222', fontSize: '12px' },
    x: {
      type: 'log',
      label: `side of the map, ${channels} channels, levels 4, 2, 1`,
      ticks: [...new Set(points.map(({ size }) => size))],
      tickFormat: String,
    },
    y: { type: 'log', label: 'GB/s of the map', grid: true, tickFormat: String },
    color: { scheme: 'tableau10' },
    marks: [
      Plot.line(points, {
        ...common,
        stroke: 'engine',
        strokeWidth: 1.5,
        filter: (p) => p.engine !== 'bound',
      }),
      Plot.line(points, {
        ...common,
        stroke: '#222',
        strokeDasharray: '5 4',
        filter: (p) => p.engine === 'bound',
      }),
      Plot.dot(points, { ...common, fill: 'engine', r: 2, filter: (p) => p.engine !== 'bound' }),
      Plot.text(points, {
        ...common,
        text: 'engine',
        fill: (p) => p.engine,
        textAnchor: 'start',
        dx: 8,
        filter: (p) => p.size === last,
      }),
    ],
  });
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return `${svg.outerHTML}\n`;
}
