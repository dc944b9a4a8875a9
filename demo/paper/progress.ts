import type { ProcessPoolEvents } from './process-pool.js';
import { type Task, titleOf } from './tasks.js';

/** What the progress needs of a terminal or a file. */
interface Output {
  write(text: string): unknown;
  readonly columns?: number;
}

const REDRAW_AFTER = 200;

/** A line for every task that is done; on a terminal also one for what is under way, which stays in its place. */
export class PaperProgress implements ProcessPoolEvents {
  readonly #output: Output;
  readonly #inPlace: boolean;
  readonly #total: number;
  readonly #underWay = new Map<Task, number>();
  readonly #started = performance.now();
  #done = 0;
  #drawn = 0;

  /** `total`: how many tasks there are. */
  constructor(output: Output, inPlace: boolean, total: number) {
    this.#output = output;
    this.#inPlace = inPlace;
    this.#total = total;
  }

  onStart(task: Task): void {
    this.#underWay.set(task, 0);
    this.#draw();
  }

  onProgress(task: Task, share: number): void {
    this.#underWay.set(task, share);
    if (performance.now() - this.#drawn > REDRAW_AFTER) this.#draw();
  }

  onEnd(task: Task, seconds: number): void {
    this.#underWay.delete(task);
    this.#done++;
    this.#wipe();
    this.#output.write(
      `${String(this.#done).padStart(3)} of ${this.#total}: ${titleOf(task)} (${seconds.toFixed(1)} s)\n`,
    );
    this.#draw();
  }

  /** Ends the line that stays in its place. */
  leave(): void {
    this.#wipe();
  }

  #draw(): void {
    if (!this.#inPlace) return;
    this.#drawn = performance.now();
    const tasks = [...this.#underWay].map(([task, share]) => `${titleOf(task)} ${Math.floor(100 * share)} %`);
    const minutes = ((performance.now() - this.#started) / 60_000).toFixed(1);
    this.#wipe();
    this.#output.write(`${minutes} min: ${tasks.join(', ')}`.slice(0, (this.#output.columns ?? 80) - 1));
  }

  #wipe(): void {
    if (this.#inPlace) this.#output.write('\r\x1b[K');
  }
}
