/** For each picture, the worker writes features into shared memory, and the page pools them there. */
import {
  createPyramidPool,
  createRuntime,
  type PyramidPool,
  type ResidentTensor,
  type Runtime,
} from 'pyramid-pool';
import { context2d } from '../page/ui/canvas.js';
import { element, messageOf, prefersReducedMotion, showProblem } from '../page/ui/dom.js';
import { onThemeChange, startTheme } from '../page/ui/theme.js';
import { FILTERS, featureDims } from './backbone.js';
import { BackboneThread } from './backbone-thread.js';
import { drawFeatures, drawVector } from './figures.js';
import { animation, type PictureSource, startCamera } from './pictures.js';

const LEVELS = [4, 2, 1];

const needsIsolation =
  'browsers share memory on cross-origin isolated pages only, which servers send with the headers ' +
  'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp. The other pages work without.';

const $ = <T extends Element = HTMLElement>(selector: string) => element<T>(document, selector);

let source: PictureSource = animation;
let isRunning = !prefersReducedMotion();
/** While paused: whether one picture is to be shown, because a setting changed. */
let isDue = false;

/** Pools pictures for ever. */
async function run(runtime: Runtime, pool: PyramidPool, backbone: BackboneThread): Promise<never> {
  const vector = runtime.tensor(pool.outputDims([FILTERS, 1, 1]));
  let features: ResidentTensor<'float32'> | undefined;
  for (let pictures = 1; ; pictures++) {
    const picture = takePicture();
    const dims = featureDims(picture.width, picture.height);
    if (features?.dims.join() !== dims.join()) {
      features?.dispose();
      features = runtime.tensor(dims);
    }
    await backbone.run(await createImageBitmap(picture), features);
    await pool.forwardAsync(features, { out: vector });
    show(picture, features, vector);
    $('#count').textContent =
      `${pictures} pictures so far, in ${(runtime.memory.buffer.byteLength / 2 ** 20).toFixed(1)} MiB of shared memory.`;
    await nextTurn();
  }
}

async function nextTurn(): Promise<void> {
  do await new Promise(requestAnimationFrame);
  while (!isRunning && !isDue);
  isDue = false;
}

function takePicture(): HTMLCanvasElement {
  const canvas = $<HTMLCanvasElement>('#picture');
  canvas.width = Number($<HTMLInputElement>('#width').value);
  canvas.height = Number($<HTMLInputElement>('#height').value);
  source.draw(context2d(canvas), canvas.width, canvas.height);
  return canvas;
}

function show(
  { width, height }: HTMLCanvasElement,
  features: ResidentTensor<'float32'>,
  vector: ResidentTensor<'float32'>,
): void {
  drawFeatures($('#features'), features.data, features.dims);
  drawVector($('#vector'), vector.data, FILTERS, LEVELS);
  $('#picture-text').textContent = `A picture of ${width} by ${height} …`;
  $('#features-text').textContent = `… became ${features.dims.join(' by ')} features in the worker …`;
  $('#vector-text').textContent = `… and ${vector.size} values on this page, as every picture does.`;
}

function listen(): void {
  const due = () => {
    isDue = true;
  };
  $('#width').addEventListener('input', due);
  $('#height').addEventListener('input', due);
  onThemeChange(due);
  $('#go').addEventListener('click', () => setRunning(!isRunning));
  $('#camera').addEventListener('click', () => void changeSource());
}

function setRunning(going: boolean): void {
  isRunning = going;
  $('#go').textContent = going ? 'Pause' : 'Go on';
}

async function changeSource(): Promise<void> {
  const old = source;
  showProblem($('#problem'), undefined);
  try {
    source = old === animation ? await startCamera() : animation;
    old.close();
    isDue = true;
  } catch (error) {
    showProblem($('#problem'), `The camera cannot be used: ${messageOf(error)} The drawing stays.`);
  }
  $('#camera').setAttribute('aria-pressed', String(source !== animation));
}

startTheme($('#theme'));
setRunning(isRunning);
try {
  if (!crossOriginIsolated) throw new Error(needsIsolation);
  const runtime = await createRuntime({ variant: 'simd-threads' });
  const pool = await createPyramidPool({ levels: LEVELS, runtime });
  const backbone = await BackboneThread.start(runtime);
  listen();
  for (const hidden of ['#controls', '#steps']) $(hidden).hidden = false;
  $('#status').textContent = 'Pooling pictures.';
  await run(runtime, pool, backbone);
} catch (error) {
  $('#status').textContent = '';
  showProblem($('#problem'), `This page cannot go on: ${messageOf(error)}`);
}
