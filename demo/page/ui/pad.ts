import { drawGrey, type Plane } from './canvas.js';

type Point = readonly [x: number, y: number];

/** Of the height of what was drawn; about what a pen is to the handwriting that the network learnt. */
const PEN_SHARE = 0.12;
const THINNEST = 1.5;

/** A canvas to draw on, in cells that are the pixels of the image that comes out. */
export class Pad {
  readonly #canvas: HTMLCanvasElement;
  readonly #onChange: () => void;
  #height: number;
  #width: number;
  #strokes: Point[][] = [];

  constructor(canvas: HTMLCanvasElement, height: number, width: number, onChange: () => void = () => {}) {
    this.#canvas = canvas;
    this.#height = height;
    this.#width = width;
    this.#onChange = onChange;
    canvas.style.touchAction = 'none';
    canvas.addEventListener('pointerdown', (event) => {
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      this.#strokes.push([this.#pointOf(event)]);
      this.#changed();
    });
    canvas.addEventListener('pointermove', (event) => {
      if (!canvas.hasPointerCapture(event.pointerId)) return;
      const passed = event.getCoalescedEvents?.() ?? [];
      for (const each of passed.length > 0 ? passed : [event])
        this.#strokes.at(-1)?.push(this.#pointOf(each));
      this.#changed();
    });
    this.#draw();
  }

  get isEmpty(): boolean {
    return this.#strokes.length === 0;
  }

  clear(): void {
    this.#strokes = [];
    this.#changed();
  }

  /** What was drawn stays where it is; what is outside then is not seen. */
  resize(height: number, width: number): void {
    this.#height = height;
    this.#width = width;
    this.#changed();
  }

  /** Ink from 0 to 1. The pen is as wide as suits the size of the drawing. */
  plane(): Plane {
    const [height, width] = [this.#height, this.#width];
    const surface = new OffscreenCanvas(width, height);
    const context = surface.getContext('2d', { willReadFrequently: true });
    if (!context) throw new Error('this browser has no 2-D canvas');
    context.lineCap = 'round';
    context.lineJoin = 'round';
    context.lineWidth = this.#penWidth();
    for (const stroke of this.#strokes) {
      context.beginPath();
      context.moveTo(...stroke[0]);
      for (const point of stroke) context.lineTo(...point);
      context.stroke();
    }
    const { data } = context.getImageData(0, 0, width, height);
    return {
      values: Float32Array.from({ length: height * width }, (_, i) => data[4 * i + 3] / 255),
      height,
      width,
    };
  }

  #penWidth(): number {
    const rows = this.#strokes.flat().map(([, y]) => y);
    return rows.length === 0
      ? THINNEST
      : Math.max(THINNEST, PEN_SHARE * (Math.max(...rows) - Math.min(...rows)));
  }

  #pointOf(event: PointerEvent): Point {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return [((event.clientX - left) / width) * this.#width, ((event.clientY - top) / height) * this.#height];
  }

  #changed(): void {
    this.#draw();
    this.#onChange();
  }

  #draw(): void {
    drawGrey(this.#canvas, this.plane());
  }
}
