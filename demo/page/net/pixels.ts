/** How pixels become the numbers that a network takes. */
import type { Picture } from '../ui/images.js';

export interface Preparation {
  /** What a pixel of 255 becomes before the mean is subtracted. */
  readonly white: number;
  /** For red, green and blue, in that order. */
  readonly mean: readonly [number, number, number];
  readonly deviation: readonly [number, number, number];
  readonly order: 'RGB' | 'BGR';
  readonly layout: 'NCHW' | 'NHWC';
}

/** Pixels as they are, from 0 to 1. */
export const plainPixels: Preparation = {
  white: 1,
  mean: [0, 0, 0],
  deviation: [1, 1, 1],
  order: 'RGB',
  layout: 'NCHW',
};

/** As torchvision's networks, which were trained on ImageNet, take them. */
export const imageNet = {
  white: 1,
  mean: [0.485, 0.456, 0.406],
  deviation: [0.229, 0.224, 0.225],
  order: 'RGB',
} as const;

/** The numbers of an image for a network of one or three channels, and their dims. */
export function numbersOf(
  picture: Picture,
  channels: number,
  { white, mean, deviation, order, layout }: Preparation,
): { data: Float32Array; dims: number[] } {
  const { height, width } = picture;
  const colours = coloursOf(picture);
  const cells = height * width;
  const data = new Float32Array(channels * cells);
  for (let i = 0; i < cells; i++) {
    const rgb = colours.subarray(4 * i, 4 * i + 3);
    for (let channel = 0; channel < channels; channel++) {
      const at = layout === 'NCHW' ? channel * cells + i : i * channels + channel;
      const colour = order === 'RGB' || channels === 1 ? channel : channels - 1 - channel;
      const value = channels === 1 ? brightness(rgb) : rgb[colour];
      data[at] = ((value / 255) * white - mean[colour]) / deviation[colour];
    }
  }
  const dims = layout === 'NCHW' ? [1, channels, height, width] : [1, height, width, channels];
  return { data, dims };
}

/** Drawings and samples are ink on paper. */
function coloursOf({ colours, values }: Picture): Uint8ClampedArray {
  if (colours) return colours;
  return Uint8ClampedArray.from({ length: 4 * values.length }, (_, i) =>
    i % 4 === 3 ? 255 : 255 * (1 - values[Math.floor(i / 4)]),
  );
}

const brightness = ([red, green, blue]: Uint8ClampedArray) => 0.299 * red + 0.587 * green + 0.114 * blue;

/** The same image at another size, for networks that take one size alone. */
export function resized(picture: Picture, height: number, width: number): Picture {
  if (picture.height === height && picture.width === width) return picture;
  const canvas = (h: number, w: number) => {
    const context = new OffscreenCanvas(w, h).getContext('2d');
    if (!context) throw new Error('this browser has no 2-D canvas');
    return context;
  };
  const from = canvas(picture.height, picture.width);
  const colours = Uint8ClampedArray.from(coloursOf(picture));
  from.putImageData(new ImageData(colours, picture.width, picture.height), 0, 0);
  const to = canvas(height, width);
  to.imageSmoothingQuality = 'high';
  to.drawImage(from.canvas, 0, 0, width, height);
  const { data } = to.getImageData(0, 0, width, height);
  return { values: new Float32Array(height * width), height, width, colours: data };
}
