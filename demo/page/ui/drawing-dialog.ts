import type { Plane } from '../../ink/plane.js';
import { element, make } from './dom.js';
import html from './drawing-dialog.html?raw';
import { DrawingPad } from './drawing-pad.js';

export interface Sheet {
  /** In pixels; the visitor may choose others. */
  readonly width: number;
  readonly height: number;
  /** Pens to choose from, the first one to begin with; without them the pen grows with what is drawn. */
  readonly pens?: readonly Pen[];
  /** The text above the drawing area. */
  readonly note: string;
}

export interface Pen {
  readonly name: string;
  /** In pixels of the sheet. */
  readonly width: number;
}

/** The greatest width and height of a drawing, in pixels. */
const MOST = 256;
const SMALL_SHEET: Sheet = { width: 64, height: 48, note: 'Of any size. The pen grows with what you draw.' };

/** Lets the visitor draw an image of a size of their own; resolves to nothing when they leave. */
export function askForDrawing(sheet: Sheet = SMALL_SHEET): Promise<Plane | undefined> {
  const dialog = document.createElement('dialog');
  dialog.innerHTML = html;
  element(dialog, '.note').textContent = sheet.note;
  dialog.setAttribute('aria-labelledby', 'drawing-title');
  document.body.append(dialog);
  const height = element<HTMLInputElement>(dialog, '[name=height]');
  const width = element<HTMLInputElement>(dialog, '[name=width]');
  [width.value, height.value] = [String(sheet.width), String(sheet.height)];
  for (const input of [width, height]) input.max = String(Math.max(MOST, sheet.width, sheet.height));
  const use = element<HTMLButtonElement>(dialog, '[value=use]');
  const pad = new DrawingPad(
    element(dialog, '.pad'),
    'Drawing area',
    height.valueAsNumber,
    width.valueAsNumber,
    () => {
      use.disabled = pad.isEmpty;
    },
    sheet.pens?.[0].width,
  );
  if (sheet.pens) offerPens(element(dialog, '[name=pen]'), sheet.pens, pad);
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

function offerPens(select: HTMLSelectElement, pens: readonly Pen[], pad: DrawingPad): void {
  select.append(...pens.map(({ name, width }) => make('option', { value: String(width) }, name)));
  select.addEventListener('change', () => {
    pad.pen = Number(select.value);
  });
  if (select.parentElement) select.parentElement.hidden = false;
}
