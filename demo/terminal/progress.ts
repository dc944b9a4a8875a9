import type { TrainingProgress } from '../train/train.js';
import type { Style } from './style.js';

/** What the progress needs of a terminal or a file. */
export interface Output {
  write(text: string): unknown;
  readonly columns?: number;
}

const BAR = 28;
const REDRAW_AFTER = 100;

/** Shows how training goes: a bar that stays in its place on a terminal, a line for every tenth elsewhere. */
export class ProgressDisplay {
  readonly #output: Output;
  readonly #inPlace: boolean;
  readonly #style: Style;
  #drawn = 0;
  #lineOpen = false;
  #tenths = 0;

  constructor(output: Output, inPlace: boolean, style: Style) {
    this.#output = output;
    this.#inPlace = inPlace;
    this.#style = style;
  }

  update(progress: TrainingProgress): void {
    const done = progress.images === progress.totalImages;
    if (this.#inPlace) {
      const now = performance.now();
      if (!done && now - this.#drawn < REDRAW_AFTER) return;
      this.#drawn = now;
      this.#lineOpen = !done;
      this.#output.write(`\r${this.#bar(progress)}\x1b[K${done ? '\n' : ''}`);
      return;
    }
    const tenths = Math.floor((10 * progress.images) / progress.totalImages);
    if (tenths === this.#tenths) return;
    this.#tenths = tenths;
    this.#output.write(`  ${figures(progress)}\n`);
  }

  /** Names the tests one by one on a line of their own; `leave` ends it. */
  test(scale: number): void {
    this.#output.write(this.#lineOpen ? `, x ${scale}` : `Testing at x ${scale}`);
    this.#lineOpen = true;
  }

  /** Ends a line that is not done, also when training is stopped. */
  leave(): void {
    if (this.#lineOpen) this.#output.write('\n');
    this.#lineOpen = false;
  }

  #bar(progress: TrainingProgress): string {
    const text = figures(progress);
    const width = Math.min(BAR, (this.#output.columns ?? 80) - text.length - 5);
    if (width < 8) return text.slice(0, (this.#output.columns ?? 80) - 1);
    const filled = Math.round((width * progress.images) / progress.totalImages);
    return `  ${this.#style.good('━'.repeat(filled))}${this.#style.dim('─'.repeat(width - filled))}  ${text}`;
  }
}

function figures(progress: TrainingProgress): string {
  const { epoch, epochs, images, totalImages, loss, accuracy, seconds } = progress;
  const percent = `${Math.floor((100 * images) / totalImages)} %`.padStart(5);
  const left = Math.ceil((seconds / images) * (totalImages - images));
  const time = images === totalImages ? `${seconds.toFixed(1)} s` : `${left} s left`;
  const right = `${(100 * accuracy).toFixed(1)} % right`;
  return `${percent}  epoch ${epoch}/${epochs}  loss ${loss.toFixed(3)}  ${right}  ${time}`;
}
