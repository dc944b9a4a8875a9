/** Pictures of the visitor's own, as the detector reads them best. */
import { brightnessOf, type Plane } from '../../ink/plane.js';
import { askForPhotograph } from '../ui/camera-dialog.js';
import { element } from '../ui/dom.js';
import { askForDrawing } from '../ui/drawing-dialog.js';
import { acceptDrops, acceptPastes } from '../ui/files.js';
import { coloursOf, decodeImage, type Picture, shrunkFrom, sizeWithin } from '../ui/images.js';
import { loadDetector } from './load-detector.js';

/** A picture in which digits are looked for. */
export interface OwnPicture extends Picture {
  /** What it was made from, where it is of the visitor's own. */
  readonly writing?: Plane;
}

/** Pixels of the longer side in which the writing is looked for: a stroke of a pen on a photographed page still has some. */
const LONGEST_SIDE = 1600;

/** Of a photograph that is taken here, if the camera can. */
const CAMERA_WIDTH = 1920;

/** Large enough for digits of many sizes. */
const SHEET = {
  width: 384,
  height: 256,
  pens: [
    { name: 'medium', width: 4.5 },
    { name: 'fine', width: 2 },
    { name: 'broad', width: 9 },
  ],
  note: 'Write digits, as many as you like, small and large.',
};

/**
 * Lets the visitor draw, photograph, open, drop and paste.
 *
 * @param onAsk called when the visitor is asked for something
 * @param onPicture called with what comes of it, nothing where they left
 */
export function listenToSources(
  root: HTMLElement,
  onAsk: () => void,
  onPicture: (picture: Promise<OwnPicture | undefined>) => void,
): void {
  for (const [selector, ask] of [
    ['#draw', draw],
    ['#photograph', photograph],
  ] as const) {
    element(root, selector).addEventListener('click', () => {
      onAsk();
      onPicture(ask());
    });
  }
  const open = (file: File) => onPicture(openFile(file));
  const input = element<HTMLInputElement>(root, '#open');
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    if (file) open(file);
    // The same file may be opened again.
    input.value = '';
  });
  acceptDrops(root, open);
  acceptPastes(root, open);
}

async function draw(): Promise<OwnPicture | undefined> {
  const drawing = await askForDrawing(SHEET);
  if (!drawing) return undefined;
  const detector = await loadDetector(() => {});
  const { picture, writing } = await detector.readDrawing(drawing);
  return { ...picture, writing };
}

async function photograph(): Promise<OwnPicture | undefined> {
  const taken = await askForPhotograph(CAMERA_WIDTH);
  return taken && readPhotograph(taken);
}

async function openFile(file: File): Promise<OwnPicture> {
  return readPhotograph(await decodeImage(file));
}

/** Its colours are kept, to be seen under the boxes. The bitmap is closed. */
async function readPhotograph(bitmap: ImageBitmap): Promise<OwnPicture> {
  try {
    const { height, width } = sizeWithin(LONGEST_SIDE, bitmap);
    const detector = await loadDetector(() => {});
    const brightness = brightnessOf(coloursOf(bitmap, height, width), width, height);
    const { picture, writing } = await detector.readPhotograph(brightness);
    const colours = coloursOf(bitmap, picture.height, picture.width);
    return { ...picture, writing, colours, ...shrunkFrom(bitmap, picture.width) };
  } finally {
    bitmap.close();
  }
}
