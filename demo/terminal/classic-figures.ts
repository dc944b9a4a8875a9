import { createPyramidPool, type Runtime } from 'pyramid-pool';

export interface ClassicFigure {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly from: string;
  /** Values that came out of the pool. */
  readonly length: number;
}

const CHANNELS = 256;
const MAPS = [
  { height: 13, width: 13, from: 'conv5 of a 227 x 227 image' },
  { height: 10, width: 10, from: 'conv5 of a 180 x 180 image' },
  { height: 17, width: 9, from: 'a tall image' },
];

/** Pools feature maps of sizes from papers and tutorials, and counts the values of the output. */
export async function poolClassicMaps(runtime: Runtime): Promise<ClassicFigure[]> {
  const pool = await createPyramidPool({ levels: [4, 2, 1], runtime });
  try {
    return MAPS.map(({ height, width, from }) => {
      const data = Float32Array.from({ length: CHANNELS * height * width }, (_, i) => Math.sin(i));
      const output = pool.forward({ data, dims: [1, CHANNELS, height, width] });
      return { height, width, channels: CHANNELS, from, length: output.data.length };
    });
  } finally {
    pool.dispose();
  }
}
