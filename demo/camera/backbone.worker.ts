/** The thread of the backbone: it writes features straight into the memory in which the page pools them. */
import { attachRuntime, type ResidentTensor, type Runtime } from 'pyramid-pool';
import { convolve } from './backbone.js';
import type { BackboneReply, BackboneRequest } from './messages.js';

let runtime: Runtime | undefined;

async function obey(order: BackboneRequest): Promise<void> {
  if ('runtime' in order) runtime = await attachRuntime(order.runtime);
  else if (runtime) write(order.picture, runtime.adopt(order.features));
}

function write(picture: ImageBitmap, features: ResidentTensor<'float32'>): void {
  const { width, height } = picture;
  const context = new OffscreenCanvas(width, height).getContext('2d') as OffscreenCanvasRenderingContext2D;
  context.drawImage(picture, 0, 0);
  picture.close();
  convolve(context.getImageData(0, 0, width, height), features.data);
  features.dispose();
}

addEventListener('message', async ({ data }: MessageEvent<BackboneRequest>) => {
  const answer: BackboneReply = await obey(data).then(
    () => 'done',
    (error) => ({ failure: String(error) }),
  );
  postMessage(answer);
});
