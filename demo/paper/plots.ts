/** The plots of the page, as SVG. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { CLASSIFIERS, type ClassifierResult, TEST_SIDES } from './classifiers.js';
import type { Findings } from './experiments.js';
import { mean } from './statistics.js';

const COMMON = {
  title: undefined,
  width: 760,
  marginBottom: 44,
  style: { background: 'white', color: '#222', fontSize: '12px' },
  color: { scheme: 'tableau10', legend: false },
} as const;

/** Accuracy by the size of the image, a line for each network: the mean over the seeds. */
export function sizePlot(results: readonly ClassifierResult[]): string {
  const points = CLASSIFIERS.flatMap(({ name }) => {
    const runs = results.filter(({ classifier }) => classifier === name);
    return TEST_SIDES.map((side, i) => ({
      name,
      side,
      accuracy: 100 * mean(runs.map(({ accuracyBySide }) => accuracyBySide[i])),
    }));
  });
  return draw(
    {
      height: 440,
      marginRight: 20,
      x: {
        type: 'log',
        label: 'longer side of the image, pixels',
        ticks: [...TEST_SIDES],
        tickFormat: String,
      },
      y: { label: 'recognised, %', grid: true },
      color: { ...COMMON.color, domain: CLASSIFIERS.map(({ name }) => name) },
      marks: [
        Plot.line(points, { x: 'side', y: 'accuracy', stroke: 'name', strokeWidth: 1.6 }),
        Plot.dot(points, { x: 'side', y: 'accuracy', fill: 'name', r: 2.5 }),
      ],
    },
    CLASSIFIERS.map(({ name }) => name),
  );
}

const PARTS = ['convolutions', 'pooling', 'connected', 'rest'] as const;

/** What a scene takes, part by part, a bar for each detector. */
export function detectorPlot({ times }: Findings): string {
  const bars = times.flatMap(({ detector, times: parts }) =>
    PARTS.map((part) => ({ detector, part, milliseconds: parts[part] })),
  );
  return draw(
    {
      height: 260,
      marginLeft: 160,
      x: { label: 'milliseconds a scene', grid: true },
      y: { label: null, domain: times.map(({ detector }) => detector) },
      color: { ...COMMON.color, domain: [...PARTS] },
      marks: [Plot.barX(bars, { x: 'milliseconds', y: 'detector', fill: 'part' }), Plot.ruleX([0])],
    },
    PARTS,
  );
}

/** The picture, with its legend as a row of words in the colours of the scale below it. */
function draw(options: Plot.PlotOptions, names: readonly string[]): string {
  const { document } = parseHTML('<html></html>');
  const svg = Plot.plot({ ...COMMON, ...options, document });
  const scale = svg.scale('color');
  const height = Number(svg.getAttribute('height'));
  const rows = 18 * names.length + 8;
  svg.setAttribute('height', String(height + rows));
  svg.setAttribute('viewBox', `0 0 ${COMMON.width} ${height + rows}`);
  names.forEach((name, i) => {
    const text = document.createElementNS('http://www.w3.org/2000/svg', 'text');
    text.setAttribute('x', '60');
    text.setAttribute('y', String(height + 18 * (i + 1)));
    text.setAttribute('fill', String(scale?.apply(name)));
    text.setAttribute('font-weight', '600');
    text.setAttribute('text-anchor', 'start');
    text.textContent = name;
    svg.append(text);
  });
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return `${svg.outerHTML}\n`;
}
