import type { ImageSettings } from '../core/settings.js';
import type { Pixels } from './decode.js';

/**
 * The float32 data that a model takes of an image, `(value / 255 - mean) / std`: plane by plane, or pixel by pixel for the layout `NHWC`.
 * They are written into `floats`, which has as many elements.
 */
export function toFloats(
  pixels: Pixels,
  channels: number,
  settings: ImageSettings,
  floats = new Float32Array(pixels.width * pixels.height * channels),
): Float32Array<ArrayBuffer> {
  const { data, channels: given } = pixels;
  for (const { from, to, step, colour } of walks(pixels, channels, settings)) {
    const table = tableOf(colour, channels, settings);
    for (let source = from, target = to; source < data.length; source += given, target += step) {
      floats[target] = table[data[source]!]!;
    }
  }
  return floats;
}

/** The same for a model that takes bytes: values as they are, from 0 to 255. */
export function toBytes(pixels: Pixels, channels: number, settings: ImageSettings): Uint8Array<ArrayBuffer> {
  const { data, channels: given } = pixels;
  const bytes = new Uint8Array(pixels.width * pixels.height * channels);
  for (const { from, to, step } of walks(pixels, channels, settings)) {
    for (let source = from, target = to; source < data.length; source += given, target += step) {
      bytes[target] = data[source]!;
    }
  }
  return bytes;
}

/** For each channel of the model: which colour it is, where its values are among the pixels, and where they go. */
function walks({ width, height, channels: given }: Pixels, channels: number, settings: ImageSettings) {
  const isPlanar = settings.layout === 'NCHW';
  return Array.from({ length: channels }, (_, channel) => {
    const colour = settings.order === 'BGR' ? channels - 1 - channel : channel;
    return {
      colour,
      // A grey image has one channel, which stands for all.
      from: given < channels ? 0 : colour,
      to: isPlanar ? channel * width * height : channel,
      step: isPlanar ? 1 : channels,
    };
  });
}

/** What each value of a byte becomes in a colour: red, green, blue, or grey, which has the average of their settings. */
function tableOf(colour: number, channels: number, { mean, std }: ImageSettings): Float32Array {
  const of = (values: readonly number[]) =>
    channels === 1 ? values.reduce((a, b) => a + b, 0) / values.length : values[colour % values.length]!;
  const [m, s] = [of(mean), of(std)];
  return Float32Array.from({ length: 256 }, (_, value) => (value / 255 - m) / s);
}
