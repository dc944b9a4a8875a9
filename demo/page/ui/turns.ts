/** Does one piece of work after another, whatever became of the one before. */
export class Turns {
  #latest: Promise<unknown> = Promise.resolve();

  take<T>(work: () => T | Promise<T>): Promise<T> {
    const turn = this.#latest.then(work);
    this.#latest = turn.catch(() => {});
    return turn;
  }
}
