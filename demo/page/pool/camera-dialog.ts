import { closeCamera, openCamera } from '../ui/camera.js';
import { element, messageOf, showProblem } from '../ui/dom.js';
import { type Picture, pictureOf } from '../ui/images.js';
import html from './camera-dialog.html?raw';

/** Lets the visitor photograph something; resolves to nothing when they leave. */
export function askForPhotograph(): Promise<Picture | undefined> {
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
  const camera = openCamera();
  camera.then(
    (stream) => {
      video.srcObject = stream;
    },
    (error: unknown) => showProblem(problem, `There is no picture from a camera: ${messageOf(error)}`),
  );
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      const taken = dialog.returnValue === 'take';
      resolve(taken ? pictureOf(video, video.videoWidth, video.videoHeight) : undefined);
      dialog.remove();
      camera.then(closeCamera, () => {});
    });
  });
}
