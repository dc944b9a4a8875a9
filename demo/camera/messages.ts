import type { RuntimeHandle, TensorHandle } from 'pyramid-pool';

/** What the page tells the thread of the backbone. */
export type BackboneRequest =
  /** The first message: the memory to write to. */
  | { runtime: RuntimeHandle }
  /** Write the features of a picture to a tensor in that memory. */
  | { picture: ImageBitmap; features: TensorHandle<'float32'> };

/** What it answers to each. */
export type BackboneReply = 'done' | { failure: string };
