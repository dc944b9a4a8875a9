import type { SppPool } from '../train/spp-op.js';

/** Milliseconds spent in each of the two, over all calls. */
export interface Times {
  fast: number;
  plain: number;
}

/**
 * Runs two pools behind the interface of one. Every training call goes to both, in alternating order, and their answers must
 * have the same bits. So both times are for the same calls on the same feature maps. Training continues with the answer of the first
 * pool.
 */
export class MeasuredPool implements SppPool {
  readonly forwardTimes: Times = { fast: 0, plain: 0 };
  readonly backwardTimes: Times = { fast: 0, plain: 0 };
  /** Height and width of every feature map that came by, as `[height, width]` under its name. */
  readonly mapSizes = new Map<string, readonly [height: number, width: number]>();
  readonly vectorLengths = new Set<number>();
  readonly #fast: SppPool;
  readonly #plain: SppPool;
  #calls = 0;
  #wholeTime = 0;

  constructor(fast: SppPool, plain: SppPool) {
    this.#fast = fast;
    this.#plain = plain;
  }

  /** Forward passes of the training that were measured and compared; each has its backward pass. */
  get calls(): number {
    return this.#calls;
  }

  /** Milliseconds that training would not have taken without the comparison. */
  get overhead(): number {
    return this.#wholeTime - this.forwardTimes.fast - this.backwardTimes.fast;
  }

  /** For tests of the network: nothing is measured, but sizes are noted. */
  forward(input: Parameters<SppPool['forward']>[0]): ReturnType<SppPool['forward']> {
    const output = this.#fast.forward(input);
    this.#note(input.dims, output.dims);
    return output;
  }

  forwardWithIndices(
    input: Parameters<SppPool['forwardWithIndices']>[0],
  ): ReturnType<SppPool['forwardWithIndices']> {
    const started = performance.now();
    this.#calls++;
    const { fast, plain } = this.#both(this.forwardTimes, (pool) => pool.forwardWithIndices(input));
    assertSame('output', fast.output.data, plain.output.data);
    assertSame('indices', fast.indices.data, plain.indices.data);
    this.#note(input.dims, fast.output.dims);
    this.#wholeTime += performance.now() - started;
    return fast;
  }

  backward(...[gradOutput, of]: Parameters<SppPool['backward']>): ReturnType<SppPool['backward']> {
    const started = performance.now();
    const { fast, plain } = this.#both(this.backwardTimes, (pool) => pool.backward(gradOutput, of));
    assertSame('gradient', fast.data, plain.data);
    this.#wholeTime += performance.now() - started;
    return fast;
  }

  #both<T>(times: Times, work: (pool: SppPool) => T): { fast: T; plain: T } {
    if (this.#calls % 2 === 0) {
      const fast = timed(times, 'fast', this.#fast, work);
      return { fast, plain: timed(times, 'plain', this.#plain, work) };
    }
    const plain = timed(times, 'plain', this.#plain, work);
    return { fast: timed(times, 'fast', this.#fast, work), plain };
  }

  #note([, height, width]: readonly number[], [, length]: readonly number[]): void {
    this.mapSizes.set(`${height}x${width}`, [height, width]);
    this.vectorLengths.add(length);
  }
}

function timed<T>(times: Times, which: keyof Times, pool: SppPool, work: (pool: SppPool) => T): T {
  const started = performance.now();
  const result = work(pool);
  times[which] += performance.now() - started;
  return result;
}

function assertSame(what: string, fast: Float32Array | Int32Array, plain: Float32Array | Int32Array): void {
  const a = bits(fast);
  const b = bits(plain);
  if (a.length !== b.length) {
    throw new Error(
      `pyramid-pool and plain JavaScript differ: ${what} has ${a.length} and ${b.length} values.`,
    );
  }
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i]) continue;
    throw new Error(`pyramid-pool and plain JavaScript differ: ${what}[${i}] is ${fast[i]} and ${plain[i]}.`);
  }
}

function bits({ buffer, byteOffset, length }: Float32Array | Int32Array): Int32Array {
  return new Int32Array(buffer, byteOffset, length);
}
