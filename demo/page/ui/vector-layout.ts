import type { LevelBounds } from 'pyramid-pool';

/** One value of the vector: a bin of a level, in one channel. Bins are counted row by row. */
export interface ValuePosition {
  readonly level: number;
  readonly channel: number;
  readonly bin: number;
}

/** The order of the values in the vector: by level, then by channel, then by bin. */
export class VectorLayout {
  readonly channels: number;
  /** Bins of each level. */
  readonly bins: readonly number[];
  readonly length: number;

  constructor(levels: readonly LevelBounds[], channels: number) {
    this.channels = channels;
    this.bins = levels.map(({ rows, columns }) => rows.length * columns.length);
    this.length = channels * this.bins.reduce((sum, count) => sum + count, 0);
  }

  startOf(level: number): number {
    return this.channels * this.bins.slice(0, level).reduce((sum, count) => sum + count, 0);
  }

  indexOf({ level, channel, bin }: ValuePosition): number {
    return this.startOf(level) + channel * this.bins[level] + bin;
  }

  /** The nearest valid position after levels or channels have changed. */
  clamp({ level, channel, bin }: ValuePosition): ValuePosition {
    const within = (value: number, count: number) => Math.max(0, Math.min(count - 1, value));
    const kept = within(level, this.bins.length);
    return { level: kept, channel: within(channel, this.channels), bin: within(bin, this.bins[kept]) };
  }
}
