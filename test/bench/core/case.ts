/** What is measured: feature maps of some shape, pooled by some levels. */
export interface Case {
  readonly name: string;
  /** Items, channels, height and width. Channels go up in sixteens, so that sweeps come out even. */
  readonly dims: readonly [batch: number, channels: number, height: number, width: number];
  readonly levels: readonly number[];
  readonly why: string;
  /** Different inputs that are taken by turns: one input over and over would flatter branch prediction and caches. */
  readonly inputs: number;
  /** Regions of one map to be pooled, where it is not the whole map that is. */
  readonly regions?: number;
  /** How regions are pooled, where it is not by their maxima: RoIAlign with so many samples of a bin along each axis. */
  readonly samplingRatio?: number;
}

/** The named cases of the benchmark. */
export const cases: readonly Case[] = [
  {
    name: 'a',
    dims: [1, 256, 13, 13],
    levels: [4, 2, 1],
    why: 'the last map of AlexNet or ZF-5 on a 227 x 227 image',
    inputs: 4,
  },
  { name: 'b', dims: [16, 256, 13, 13], levels: [4, 2, 1], why: 'a batch of case a', inputs: 4 },
  {
    name: 'c',
    dims: [1, 256, 56, 56],
    levels: [4, 2, 1],
    why: 'a large map whose bins do not overlap',
    inputs: 4,
  },
  {
    name: 'd',
    dims: [1, 512, 38, 50],
    levels: [6, 3, 2, 1],
    why: 'the detection pyramid of the paper, on a map that 6 and 3 do not divide',
    inputs: 4,
  },
  {
    name: 'f',
    dims: [1, 256, 38, 50],
    levels: [6, 3, 2, 1],
    why: '2000 regions of one map, as in SPP-net’s detection',
    inputs: 2,
    regions: 2000,
  },
  {
    name: 'g',
    dims: [1, 256, 38, 50],
    levels: [7],
    why: 'RoIAlign of 1000 regions, as in the heads of current detectors',
    inputs: 2,
    regions: 1000,
    samplingRatio: 2,
  },
];

const SWEEP_SIZES = [7, 10, 13, 14, 20, 28, 40, 56, 80, 112, 160, 224];
const SWEEP_CHANNELS = [16, 64, 256, 2048];
/** Larger maps would take most of the time and say nothing new. */
const MOST_SWEEP_CELLS = 2 ** 22;

/** Square maps of many sizes and numbers of channels, for plots. */
export const sweep: readonly Case[] = SWEEP_CHANNELS.flatMap((channels) =>
  SWEEP_SIZES.filter((size) => channels * size * size <= MOST_SWEEP_CELLS).map(
    (size): Case => ({
      name: `${size}x${size}x${channels}`,
      dims: [1, channels, size, size],
      levels: [4, 2, 1],
      why: 'one point of the sweep',
      inputs: 2,
    }),
  ),
);

export const cellsOf = ({ dims: [batch, channels, height, width] }: Case): number =>
  batch * channels * height * width;

export const binsOf = ({ levels }: Case): number => levels.reduce((sum, n) => sum + n * n, 0);

export const outputLengthOf = (c: Case): number => (c.regions ?? c.dims[0]) * c.dims[1] * binsOf(c);
