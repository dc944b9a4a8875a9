import { closeCamera, openCamera } from './camera.js';
import html from './camera-dialog.html?raw';
import { element, messageOf, showProblem } from './dom.js';

/**
 * Lets the visitor photograph something; resolves to nothing when they leave.
 *
 * @param width that the camera's pictures should have, in pixels
 */
export function askForPhotograph(width?: number): Promise<ImageBitmap | undefined> {
  const dialog = document.createElement('dialog');
  dialog.innerHTML = html;
  dialog.setAttribute('aria-labelledby', 'camera-title');
  document.body.append(dialog);
  const video = element<HTMLVideoElement>(dialog, 'video');
  const take = element<HTMLButtonElement>(dialog, '[value=take]');
  const problem = element(dialog, '.problem');
  video.addEventListener('loadeddata', () => {
    take.disabled = false;
  });
  const camera = openCamera(width);
  camera.then(
    (stream) => {
      video.srcObject = stream;
    },
    (error: unknown) => showProblem(problem, `There is no picture from a camera: ${messageOf(error)}`),
  );
  dialog.showModal();
  return new Promise((resolve, reject) => {
    dialog.addEventListener('close', () => {
      const taken = dialog.returnValue === 'take' ? createImageBitmap(video) : Promise.resolve(undefined);
      taken.then(resolve, reject).finally(() => camera.then(closeCamera, () => {}));
      dialog.remove();
    });
  });
}
