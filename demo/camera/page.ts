/** Picture after picture: the worker writes features into shared memory, and the page pools them there. */
import {
  createPyramidPool,
  createRuntime,
  type PyramidPool,
  type ResidentTensor,
  type Runtime,
} from 'pyramid-pool';
import { FILTERS, featureDims } from './backbone.js';
import { BackboneThread } from './backbone-thread.js';
import { drawFeatures, drawVector } from './figures.js';
import { drawing, openCamera, type Source } from './pictures.js';

function element<T extends Element>(selector: string): T {
  const found = document.querySelector<T>(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return found;
}

const needsIsolation =
  'browsers share memory on cross-origin isolated pages only, which servers send with the headers ' +
  'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp. The other pages work without.';

const say = (text: string) => {
  element('#status').textContent = text;
};

let source: Source = drawing;

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
    say(
      `${pictures} pictures so far, in ${(runtime.memory.buffer.byteLength / 2 ** 20).toFixed(1)} MiB of shared memory.`,
    );
    await new Promise(requestAnimationFrame);
  }
}

function takePicture(): HTMLCanvasElement {
  const canvas = element<HTMLCanvasElement>('#picture');
  canvas.width = Number(element<HTMLInputElement>('#width').value);
  canvas.height = Number(element<HTMLInputElement>('#height').value);
  const context = canvas.getContext('2d');
  if (context) source.draw(context, canvas.width, canvas.height);
  return canvas;
}

function show(
  { width, height }: HTMLCanvasElement,
  features: ResidentTensor<'float32'>,
  vector: ResidentTensor<'float32'>,
): void {
  drawFeatures(element('#features'), features.data, features.dims);
  drawVector(element('#vector'), vector.data);
  element('#picture-text').textContent = `A picture of ${width} by ${height} …`;
  element('#features-text').textContent = `… became ${features.dims.join(' by ')} features in the worker …`;
  element('#vector-text').textContent = `… and ${vector.size} values on this page, as every picture does.`;
}

element('#camera').addEventListener('click', async () => {
  try {
    source = await openCamera();
  } catch (error) {
    say(`The camera cannot be used (${error}). The drawing goes on.`);
    source = drawing;
  }
});

try {
  if (!crossOriginIsolated) throw new Error(needsIsolation);
  const runtime = await createRuntime({ variant: 'simd-threads' });
  const pool = await createPyramidPool({ levels: [4, 2, 1], runtime });
  await run(runtime, pool, await BackboneThread.start(runtime));
} catch (error) {
  say(`This page cannot go on: ${error instanceof Error ? error.message : error}`);
}
