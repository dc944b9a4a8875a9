import type { Level } from 'pyramid-pool';

/** The order of an image's channels, and of the axes of the tensor that a model takes. */
export type ChannelOrder = 'RGB' | 'BGR';
export type Layout = 'NCHW' | 'NHWC';

/** Which ONNX Runtime runs the model: onnxruntime-node or onnxruntime-web. */
export type EngineName = 'node' | 'web';

/** How an image becomes the tensor that a model takes. */
export interface ImageSettings {
  /** Bounds of an image: a larger one is scaled down, its aspect kept. */
  readonly longestSide: number | undefined;
  readonly maxPixels: number | undefined;
  /** For each channel, of values from 0 to 1: `(value - mean) / std`. One number stands for all channels. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly order: ChannelOrder;
  readonly layout: Layout;
  /** What transparent images are laid on. */
  readonly background: string;
}

/** What makes a vector of a map: a pyramid, R-MAC, or nothing where the model has a pyramid in it. */
export type Pooling =
  | { readonly kind: 'pyramid'; readonly levels: readonly Level[]; readonly reduction: 'max' | 'average' }
  | { readonly kind: 'rmac'; readonly scales: number }
  | { readonly kind: 'model' };

/** All that decides what a vector is, beside the inputs and the versions of what computes it. */
export interface Settings {
  /** `undefined` where the inputs are feature maps. */
  readonly images: ImageSettings | undefined;
  readonly pooling: Pooling;
  /** The value of the model that is pooled, or that is the vector; by default the model's one output. */
  readonly at: string | undefined;
  /** Column of the maps in Parquet and Arrow files; found by its type where it is not named. */
  readonly column: string | undefined;
  /** How many files make a part. */
  readonly partSize: number;
}

/** The versions that a vector depends on, and the SHA-256 of what was loaded. */
export interface Versions {
  readonly 'pyramid-pool-extract': string;
  readonly 'pyramid-pool': string;
  readonly engine: string | undefined;
  readonly sharp: string | undefined;
  readonly libvips: string | undefined;
}

export interface Hashes {
  /** Of the model's file and of its weights beside it, by the name of each file. */
  readonly model: Readonly<Record<string, string>> | undefined;
  /** Of this package's code and of the library's. */
  readonly package: string;
  /** Of the kernels. */
  readonly wasm: string;
}

/** What a thread needs to know to make vectors. */
export interface Job {
  /** The folder that the paths of inputs start from. */
  readonly root: string;
  /** The folder of parts. */
  readonly out: string;
  readonly model: string | undefined;
  readonly engine: EngineName | undefined;
  readonly settings: Settings;
  /** Bytes of activations that the network takes for a pixel, as measured. */
  readonly bytesPerPixel: number;
}

/** How much memory a thread may use. */
export interface Limits {
  /** Bytes at any time. */
  readonly share: number;
  /** Bytes for one image, where no other thread has such a large one. */
  readonly most: number;
}

/** One file of the input, or a group of rows of one. */
export interface Piece {
  /** Path from the root, with `/`. */
  readonly path: string;
  /** Size of the file. */
  readonly bytes: number;
  /** Row group of a Parquet file, or record batch of an Arrow file. */
  readonly group?: number;
}

/** What becomes one part. */
export interface Shard {
  /** The part's name: a function of its inputs, the settings and the versions. */
  readonly name: string;
  readonly pieces: readonly Piece[];
}

/** One vector, and the size of what it was made of: pixels of the image, turned upright, or cells of the map. */
export interface Row {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly vector: Float32Array;
}

/** An input that gave no vector. */
export interface FailedInput {
  readonly id: string;
  readonly reason: string;
}
