/** The demo page: one map forward and backward, and what comes out, drawn. */
import { createPyramidPool, type PyramidPool } from 'pyramid-pool';
import { drawBins, drawMap } from './draw.js';

const LEVELS = [4, 2, 1];

function element<T extends Element>(selector: string): T {
  const found = document.querySelector<T>(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return found;
}

/** A map that looks like something: a few soft bumps at random. */
function bumps(height: number, width: number): Float32Array {
  const centers = Array.from({ length: 6 }, () => [
    Math.random() * height,
    Math.random() * width,
    Math.random() + 0.5,
  ]);
  return Float32Array.from({ length: height * width }, (_, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    const bump = ([cy, cx, strength]: number[]) => strength * Math.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 8);
    return centers.reduce((sum, center) => sum + bump(center), Math.random() * 0.1);
  });
}

async function show(pool: PyramidPool, height: number, width: number): Promise<void> {
  const map = { data: bumps(height, width), dims: [1, 1, height, width] };
  const { output, indices } = await pool.forwardWithIndicesAsync(map);
  const ones = { data: new Float32Array(output.size).fill(1), dims: output.dims };
  const gradient = await pool.backwardAsync(ones, { dims: map.dims, indices });

  const bounds = pool.binBounds(height, width);
  let first = 0;
  const figures = bounds.map((level) => {
    const bins = level.rows.length * level.columns.length;
    const canvas = document.createElement('canvas');
    drawMap(canvas, map.data, height, width);
    drawBins(canvas, level, indices.data.subarray(first, first + bins), width);
    first += bins;
    const figure = document.createElement('figure');
    const caption = document.createElement('figcaption');
    caption.textContent = `${level.rows.length} x ${level.columns.length} bins, their maxima marked`;
    figure.append(canvas, caption);
    return figure;
  });
  element('#levels').replaceChildren(...figures);

  drawMap(element('#vector'), output.data, 1, output.size);
  element('#vector-text').textContent = `${height} x ${width} cells became ${output.size} values.`;
  drawMap(element('#gradient'), gradient.data, height, width);
  const touched = gradient.data.filter((value) => value !== 0).length;
  element('#gradient-text').textContent =
    `A gradient of 1 for each of the ${output.size} values landed on ${touched} cells, up to ` +
    `${Math.max(...gradient.data)} on one: a cell that is the maximum of several bins gets the sum.`;
}

const pool = await createPyramidPool({ levels: LEVELS });
const { variant, threads, fallback } = pool.runtime;
element('#runtime').textContent =
  `Running the ${variant} variant with ${threads} thread${threads > 1 ? 's' : ''}${fallback ? ` (${fallback})` : ''}.`;

const form = element<HTMLFormElement>('#size');
const refresh = () => {
  const size = (name: string) => Number(new FormData(form).get(name));
  return show(pool, size('height'), size('width'));
};
form.addEventListener('submit', (event) => {
  event.preventDefault();
  void refresh();
});
await refresh();
