/** Something whose cost is known before it is loaded. */
export interface Loadable<T> {
  /** Bytes that it holds until it was used. */
  readonly cost: number;
  load(): Promise<T>;
}

/** What is loaded at once at most: enough to have the next ones ready while one is computed. */
const MOST = 4;

/**
 * Loads items ahead of their use, in order, within a budget of bytes. An item beyond the budget is loaded alone, once `allow` has
 * resolved. What an item holds counts until the next one is asked for.
 */
export async function* lookAhead<T>(
  items: AsyncIterator<Loadable<T>>,
  budget: number,
  allow: () => Promise<void>,
): AsyncGenerator<T> {
  const queue: { cost: number; loaded: Promise<T> }[] = [];
  let held = 0;
  let next: Loadable<T> | undefined;
  const fill = async () => {
    while (queue.length < MOST) {
      next ??= (await items.next()).value as Loadable<T> | undefined;
      if (!next) return;
      if (queue.length > 0 && held + next.cost > budget) return;
      if (next.cost > budget) await allow();
      const loaded = next.load();
      // It is awaited later.
      loaded.catch(() => {});
      queue.push({ cost: next.cost, loaded });
      held += next.cost;
      next = undefined;
    }
  };
  for (;;) {
    await fill();
    const first = queue[0];
    if (!first) return;
    yield await first.loaded;
    queue.shift();
    held -= first.cost;
  }
}
