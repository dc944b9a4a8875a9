/** Runs pieces of work one after the other, also after one that failed. */
export class Turns {
  #latest: Promise<unknown> = Promise.resolve();

  take<T>(work: () => T | Promise<T>): Promise<T> {
    const turn = this.#latest.then(work);
    this.#latest = turn.catch(() => {});
    return turn;
  }
}
