/** Rejects when a worker breaks, which leaves calls to it without an answer. */
export function failureOf(worker: Worker): Promise<never> {
  return new Promise((_, reject) => {
    worker.addEventListener('error', ({ message }) => reject(new Error(`The worker failed: ${message}`)));
  });
}
