import { context2d } from '../ui/canvas.js';
import { pageColour } from '../ui/colours.js';
import { make } from '../ui/dom.js';
import type { Report } from './report.js';
import { ThroughputPlot } from './throughput-plot.js';

const HEAD = 64;
const LINE = 22;

/** The plot with its title, its legend and the machine, as PNG; as wide on a phone as elsewhere. */
export async function plotAsPng(report: Report): Promise<Blob> {
  const place = make('div', { className: 'plot for-a-file', ariaHidden: 'true' });
  document.body.append(place);
  try {
    const plot = new ThroughputPlot(place);
    plot.show(report);
    // It draws before the next frame.
    await new Promise(requestAnimationFrame);
    return await compose(plot, report);
  } finally {
    place.remove();
  }
}

function compose(plot: ThroughputPlot, report: Report): Promise<Blob> {
  const drawn = plot.canvas;
  if (!drawn) throw new Error('There is no plot yet.');
  const ratio = devicePixelRatio || 1;
  const perRow = 4;
  const rows = Math.ceil(plot.legend.length / perRow);
  const canvas = document.createElement('canvas');
  canvas.width = drawn.width;
  canvas.height = drawn.height + (HEAD + rows * LINE + 12) * ratio;
  const context = context2d(canvas);
  context.fillStyle = pageColour('card');
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(drawn, 0, HEAD * ratio);
  context.scale(ratio, ratio);
  write(context, titleOf(report), 16, 26, '650 16px Inter, sans-serif', 'ink');
  write(context, hostOf(report), 16, 48, '12px Inter, sans-serif', 'soft');
  plot.legend.forEach(({ name, colour }, i) => {
    const x = 16 + (i % perRow) * ((canvas.width / ratio - 32) / perRow);
    const y = HEAD + drawn.height / ratio + 16 + Math.floor(i / perRow) * LINE;
    context.fillStyle = colour;
    context.fillRect(x, y - 9, 14, 9);
    write(context, name, x + 20, y, '12px Inter, sans-serif', 'ink');
  });
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error('The browser made no PNG.'))),
      'image/png',
    );
  });
}

function write(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  font: string,
  colour: string,
): void {
  context.font = font;
  context.fillStyle = pageColour(colour);
  context.fillText(text, x, y);
}

export function titleOf({ operation, channels, levels }: Report): string {
  return `pyramid-pool: ${operation}, ${channels} channels, levels ${levels.join(', ')}`;
}

export function hostOf({ host: { date, agent, cores, isolated, disturbedBy = [] } }: Report): string {
  const day = new Date(date);
  const when = Number.isNaN(day.valueOf()) ? '' : `, ${day.toISOString().slice(0, 10)}`;
  const coresHere = `${cores} core${cores === 1 ? '' : 's'}`;
  const beside = disturbedBy.map((each) => `, beside ${each.toLowerCase()}`).join('');
  return `${agent}, ${coresHere}, ${isolated ? '' : 'not '}cross-origin isolated${when}${beside}`;
}
