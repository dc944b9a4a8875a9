/** Rearranges maps and outputs from NCHW, in which answers are kept, to another layout. */
import type { Layout, OutputOrder } from 'pyramid-pool';

/** Elements of a tensor, halves by their bits. */
export type Elements = Float32Array | Int32Array | Uint16Array | Int8Array | Uint8Array;
type Shape = readonly [batch: number, channels: number, height: number, width: number];

export function mapDims([batch, channels, height, width]: Shape, layout: Layout): number[] {
  return layout === 'NCHW' ? [batch, channels, height, width] : [batch, height, width, channels];
}

/** A feature map. */
export function mapTo<A extends Elements>(
  data: A,
  [batch, channels, height, width]: Shape,
  layout: Layout,
): A {
  return layout === 'NCHW' ? data : (transpose(data, batch, channels, [height * width]) as A);
}

/** An output, or its indices or gradient. */
export function outputTo<A extends Elements>(
  data: A,
  [batch, channels]: Shape,
  levels: readonly (readonly [number, number])[],
  layout: Layout,
  order: OutputOrder = 'levels',
): A {
  const bins = levels.map(([rows, columns]) => rows * columns);
  if (order === 'channels') return byChannel(data, batch, channels, bins) as A;
  return layout === 'NCHW' ? data : (transpose(data, batch, channels, bins) as A);
}

/** Brings the bins of all levels together, channel after channel: `torch.cat([pooled.flatten(2) for ...], 2).flatten(1)`. */
function byChannel(data: Elements, batch: number, channels: number, levels: number[]): Elements {
  const result = data.slice();
  const all = levels.reduce((sum, bins) => sum + bins, 0);
  let from = 0;
  for (let item = 0; item < batch; item++) {
    let before = 0;
    for (const bins of levels) {
      for (let channel = 0; channel < channels; channel++) {
        for (let i = 0; i < bins; i++)
          result[(item * channels + channel) * all + before + i] = data[from++] as number;
      }
      before += bins;
    }
  }
  return result;
}

/** Turns each `[channels, n]` part of every item into `[n, channels]`. */
function transpose(data: Elements, batch: number, channels: number, parts: number[]): Elements {
  const result = data.slice();
  let first = 0;
  for (let item = 0; item < batch; item++) {
    for (const n of parts) {
      for (let channel = 0; channel < channels; channel++) {
        for (let i = 0; i < n; i++)
          result[first + i * channels + channel] = data[first + channel * n + i] as number;
      }
      first += channels * n;
    }
  }
  return result;
}
