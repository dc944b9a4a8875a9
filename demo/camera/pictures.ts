import { closeCamera, openCamera } from '../page/ui/camera.js';

/** A source of pictures: the camera, or an animation. */
export interface PictureSource {
  draw(context: CanvasRenderingContext2D, width: number, height: number): void;
  close(): void;
}

/** A disc and a square that go round each other. */
export const animation: PictureSource = {
  draw(context, width, height) {
    const turn = performance.now() / 1500;
    const at = (phase: number) =>
      [width * (0.5 + 0.3 * Math.cos(turn + phase)), height * (0.5 + 0.3 * Math.sin(turn + phase))] as const;
    const size = Math.min(width, height) / 6;
    context.fillStyle = '#20304a';
    context.fillRect(0, 0, width, height);
    context.fillStyle = '#f2c14e';
    context.beginPath();
    context.arc(...at(0), size, 0, 2 * Math.PI);
    context.fill();
    context.fillStyle = '#e4572e';
    const [x, y] = at(Math.PI);
    context.fillRect(x - size, y - size, 2 * size, 2 * size);
  },
  close() {},
};

export async function startCamera(): Promise<PictureSource> {
  const stream = await openCamera();
  const video = document.createElement('video');
  video.muted = true;
  video.srcObject = stream;
  await video.play();
  return {
    draw: (context, width, height) => context.drawImage(video, 0, 0, width, height),
    close: () => closeCamera(stream),
  };
}
