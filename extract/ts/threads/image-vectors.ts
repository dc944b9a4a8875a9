import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Runtime } from 'pyramid-pool';
import { ExtractError, messageOf, reasonOf } from '../core/errors.js';
import type { Job, Limits, Piece } from '../core/settings.js';
import { decodeImage, type ImageHeader, type Pixels, readHeader } from '../images/decode.js';
import { targetSize } from '../images/size.js';
import { Network } from '../model/network.js';
import { type Loadable, lookAhead } from './lookahead.js';
import type { Outcome, Permissions, VectorMaker } from './vectors.js';

/** An image that was decoded, or why it was not. */
type Decoded =
  | { readonly id: string; readonly header: ImageHeader; readonly pixels: Pixels }
  | { readonly id: string; readonly error: unknown };

/** Makes vectors of images by a model. The next images are decoded while one is computed. */
export class ImageVectors implements VectorMaker {
  readonly #job: Job;
  readonly #runtime: Runtime;
  readonly #limits: Limits;
  readonly #permissions: Permissions;
  #network: Network;

  private constructor(
    job: Job,
    runtime: Runtime,
    limits: Limits,
    permissions: Permissions,
    network: Network,
  ) {
    this.#job = job;
    this.#runtime = runtime;
    this.#limits = limits;
    this.#permissions = permissions;
    this.#network = network;
  }

  static async open(
    job: Job,
    runtime: Runtime,
    limits: Limits,
    permissions: Permissions,
  ): Promise<ImageVectors> {
    return new ImageVectors(job, runtime, limits, permissions, await Network.open(job, runtime));
  }

  async *vectorsOf(pieces: readonly Piece[]): AsyncGenerator<Outcome> {
    const decoded = lookAhead(this.#open(pieces), this.#limits.share, () => this.#permissions.large());
    for await (const image of decoded) {
      const { id } = image;
      if ('error' in image) {
        yield { id, reason: reasonOf(image.error, id) };
        continue;
      }
      yield await this.#vectorOf(id, image.header, image.pixels);
    }
  }

  async #vectorOf(id: string, { size }: ImageHeader, pixels: Pixels): Promise<Outcome> {
    try {
      return { id, ...size, vector: await this.#network.vectorOf(pixels) };
    } catch (error) {
      if (error instanceof ExtractError) throw error;
      // A session that has run out of memory may be left in any state.
      await this.#network.dispose().catch(() => {});
      this.#network = await Network.open(this.#job, this.#runtime);
      const reason = `at ${pixels.width} x ${pixels.height}, ${messageOf(error)}`;
      return { id, reason };
    }
  }

  /** Reads the file and the header of each image, which tell what it will cost. */
  async *#open(pieces: readonly Piece[]): AsyncGenerator<Loadable<Decoded>> {
    for (const { path: id } of pieces) {
      let header: ImageHeader;
      try {
        header = await readHeader(await readFile(join(this.#job.root, id)));
      } catch (error) {
        yield failed(id, error);
        continue;
      }
      const cost = this.#costOf(header);
      if (cost > this.#limits.most) {
        yield failed(id, new Error(tooLarge(header, cost, this.#limits.most)));
        continue;
      }
      yield { cost, load: () => this.#decode(id, header) };
    }
  }

  async #decode(id: string, header: ImageHeader): Promise<Decoded> {
    const { background } = this.#job.settings.images!;
    const target = targetSize(header.size, this.#job.settings.images!);
    try {
      const pixels = await decodeImage(header, target, { channels: this.#network.channels, background });
      return { id, header, pixels };
    } catch (error) {
      return { id, error };
    }
  }

  /** Bytes that an image takes from its file to its vector. */
  #costOf(header: ImageHeader): number {
    const { width, height } = targetSize(header.size, this.#job.settings.images!);
    const pixel = this.#network.channels * (1 + Float32Array.BYTES_PER_ELEMENT) + this.#job.bytesPerPixel;
    return header.file.length + header.decodedBytes + width * height * pixel;
  }

  dispose(): Promise<void> {
    return this.#network.dispose();
  }
}

const failed = (id: string, error: unknown): Loadable<Decoded> => ({
  cost: 0,
  load: async () => ({ id, error }),
});

function tooLarge({ size: { width, height } }: ImageHeader, cost: number, most: number): string {
  return `${width} x ${height} pixels take about ${gigabytes(cost)}, and --memory leaves ${gigabytes(most)} for an image: bound it by --max-pixels or --longest-side, or raise --memory`;
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
