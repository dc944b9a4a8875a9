/** Runs tasks one after the other, in the order in which they were added. A task that fails does not stop the next one. */
export class SerialQueue {
  #latest: Promise<unknown> = Promise.resolve();

  run<T>(task: () => T | Promise<T>): Promise<T> {
    const result = this.#latest.then(task);
    this.#latest = result.catch(() => {});
    return result;
  }
}
