import type { RuntimeHandle, TensorHandle } from 'pyramid-pool';

/** Messages from the page to the worker that runs the backbone. */
export type BackboneRequest =
  /** The first message: the memory to write to. */
  | { runtime: RuntimeHandle }
  /** Write the features of a picture to a tensor in that memory. */
  | { picture: ImageBitmap; features: TensorHandle<'float32'> };

/** The answer to each message. */
export type BackboneReply = 'done' | { failure: string };
