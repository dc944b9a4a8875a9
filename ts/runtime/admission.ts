import { hasCode } from '../core/errors.js';
import { MOST_BYTES_UNDER_WAY } from '../core/tuning.js';

/** Lets asynchronous calls begin in their order: at once where there is memory for them, or else after those before them. */
export class Admission {
  /** Calls that have begun and are not done, and the bytes that they hold. */
  #underWay = 0;
  #bytes = 0;
  /** Attempts of calls that wait. Each tells whether it is settled. */
  readonly #waiting: (() => boolean)[] = [];

  /**
   * Begins a call: `prepare` takes the memory that it needs. Where it does not fit beside the calls under way it is tried again
   * when one of them is done, and where it does not fit alone it fails.
   */
  enter<T extends { readonly bytes: number }>(prepare: () => T): T | Promise<T> {
    const begun = this.#waiting.length === 0 ? this.#tryToBegin(prepare) : undefined;
    if (begun) return begun;
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => {
        try {
          const begun = this.#tryToBegin(prepare);
          if (begun) resolve(begun);
          return begun !== undefined;
        } catch (error) {
          reject(error);
          return true;
        }
      });
    });
  }

  /** Ends a call that held so many bytes. */
  leave(bytes: number): void {
    this.#underWay--;
    this.#bytes -= bytes;
    while (this.#waiting[0]?.()) this.#waiting.shift();
  }

  #tryToBegin<T extends { readonly bytes: number }>(prepare: () => T): T | undefined {
    const others = this.#underWay > 0;
    if (others && this.#bytes >= MOST_BYTES_UNDER_WAY) return undefined;
    try {
      const begun = prepare();
      this.#underWay++;
      this.#bytes += begun.bytes;
      return begun;
    } catch (error) {
      if (others && hasCode(error, 'out-of-memory')) return undefined;
      throw error;
    }
  }
}
