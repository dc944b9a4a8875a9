import type { Plane } from '../../ink/plane.js';
import { Brush } from './brush.js';
import { drawGrey } from './canvas.js';
import { make } from './dom.js';

type Point = readonly [x: number, y: number];

interface Stroke {
  readonly points: Point[];
  /** Its width in pixels; without it, it suits the size of the drawing. */
  readonly pen: number | undefined;
}

/** Width of the pen as a share of the height of the drawing, about as in the digits of the training. */
const PEN_SHARE = 0.12;
const THINNEST = 1.5;

const KEYS = 'Arrow keys move the brush, Space puts it down and lifts it.';

/** Fills an element with a canvas to draw on, whose cells are the pixels of the resulting image. */
export class DrawingPad {
  readonly #area = make('div', { className: 'pad-area' });
  readonly #canvas = make('canvas', { tabIndex: 0, role: 'application' });
  readonly #brush: Brush;
  readonly #onChange: () => void;
  #height: number;
  #width: number;
  #strokes: Stroke[] = [];
  /** The width of the next strokes, in pixels. If it is not set, the pen grows with the drawing. */
  pen: number | undefined;

  constructor(
    place: HTMLElement,
    name: string,
    height: number,
    width: number,
    onChange: () => void = () => {},
    pen?: number,
  ) {
    this.#height = height;
    this.#width = width;
    this.#onChange = onChange;
    this.pen = pen;
    this.#brush = new Brush(this.#canvas, {
      onDown: (x, y) => this.#begin([x * this.#width, y * this.#height]),
      onDraw: (x, y) => this.#goOn([x * this.#width, y * this.#height]),
    });
    this.#canvas.ariaLabel = `${name}: draw with a mouse, a pen or a finger, or by keyboard. ${KEYS}`;
    this.#area.append(this.#canvas, this.#brush.element);
    const hint = make('p', { className: 'note pad-hint', ariaHidden: 'true' }, KEYS);
    place.replaceChildren(this.#area, hint, this.#brush.news);
    this.#listenToPointer();
    this.#draw();
  }

  get isEmpty(): boolean {
    return this.#strokes.length === 0;
  }

  clear(): void {
    this.#brush.lift();
    this.#strokes = [];
    this.#changed();
  }

  /** The drawing keeps its position; parts outside the new size are hidden. */
  resize(height: number, width: number): void {
    this.#height = height;
    this.#width = width;
    this.#changed();
  }

  /** Ink from 0 to 1. */
  plane(): Plane {
    const [height, width] = [this.#height, this.#width];
    const surface = new OffscreenCanvas(width, height);
    const context = surface.getContext('2d', { willReadFrequently: true });
    if (!context) throw new Error('this browser has no 2-D canvas');
    context.lineCap = 'round';
    context.lineJoin = 'round';
    const suited = this.#suitedPen();
    for (const { points, pen = suited } of this.#strokes) {
      context.lineWidth = pen;
      context.beginPath();
      context.moveTo(...points[0]);
      for (const point of points) context.lineTo(...point);
      context.stroke();
    }
    const { data } = context.getImageData(0, 0, width, height);
    return {
      values: Float32Array.from({ length: height * width }, (_, i) => data[4 * i + 3] / 255),
      height,
      width,
    };
  }

  #suitedPen(): number {
    const rows = this.#strokes.flatMap(({ points }) => points.map(([, y]) => y));
    return rows.length === 0
      ? THINNEST
      : Math.max(THINNEST, PEN_SHARE * (Math.max(...rows) - Math.min(...rows)));
  }

  #listenToPointer(): void {
    const canvas = this.#canvas;
    canvas.addEventListener('pointerdown', (event) => {
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      this.#brush.lift();
      this.#begin(this.#pointOf(event));
    });
    canvas.addEventListener('pointermove', (event) => {
      if (!canvas.hasPointerCapture(event.pointerId)) return;
      const passed = event.getCoalescedEvents?.() ?? [];
      this.#goOn(...(passed.length > 0 ? passed : [event]).map((each) => this.#pointOf(each)));
    });
  }

  #begin(point: Point): void {
    this.#strokes.push({ points: [point], pen: this.pen });
    this.#changed();
  }

  #goOn(...points: Point[]): void {
    this.#strokes.at(-1)?.points.push(...points);
    this.#changed();
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
    this.#area.style.setProperty('--shape', String(this.#width / this.#height));
    drawGrey(this.#canvas, this.plane());
  }
}
