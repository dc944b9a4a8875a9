import { ratioOf, type Spread, spreadOf } from '../core/index.js';
import type { Report } from './report.js';

/** Looks results up by name. */
export class LookUp {
  readonly #samples = new Map<string, readonly number[]>();

  constructor({ results }: Report) {
    for (const { case: c, operation, engine, samples } of results) {
      this.#samples.set(`${c} ${operation} ${engine}`, samples);
    }
  }

  samples(c: string, operation: string, engine: string): readonly number[] | undefined {
    return this.#samples.get(`${c} ${operation} ${engine}`);
  }

  median(c: string, operation: string, engine: string): number | undefined {
    const samples = this.samples(c, operation, engine);
    return samples && spreadOf(samples).median;
  }

  /** The time of `engine` divided by that of `base`. */
  ratio(c: string, operation: string, engine: string, base: string): Spread | undefined {
    const [samples, others] = [this.samples(c, operation, engine), this.samples(c, operation, base)];
    return samples && others && ratioOf(samples, others);
  }
}

/** A number with at least three significant digits. */
export function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i ? '---:' : '---'))), ...rows.map(line)].join('\n');
}
