import type { Plane } from '../../ink/plane.js';
import { element } from '../ui/dom.js';
import { Pad } from '../ui/pad.js';
import html from './drawing-dialog.html?raw';

/** Lets the visitor draw an image of a size of their own; resolves to nothing when they leave. */
export function askForDrawing(): Promise<Plane | undefined> {
  const dialog = document.createElement('dialog');
  dialog.innerHTML = html;
  dialog.setAttribute('aria-labelledby', 'drawing-title');
  document.body.append(dialog);
  const height = element<HTMLInputElement>(dialog, '[name=height]');
  const width = element<HTMLInputElement>(dialog, '[name=width]');
  const use = element<HTMLButtonElement>(dialog, '[value=use]');
  const pad = new Pad(
    element(dialog, '.pad'),
    'Drawing area',
    height.valueAsNumber,
    width.valueAsNumber,
    () => {
      use.disabled = pad.isEmpty;
    },
  );
  const resize = () => {
    if (height.validity.valid && width.validity.valid) pad.resize(height.valueAsNumber, width.valueAsNumber);
  };
  height.addEventListener('input', resize);
  width.addEventListener('input', resize);
  element(dialog, '[name=clear]').addEventListener('click', () => pad.clear());
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      resolve(dialog.returnValue === 'use' && !pad.isEmpty ? pad.plane() : undefined);
      dialog.remove();
    });
  });
}
