/** Has `free` called for what stands for an object that was garbage collected. Edge runtimes of old lack the means. */
export function onCollected<T>(free: (held: T) => void): FinalizationRegistry<T> | undefined {
  return typeof FinalizationRegistry === 'function' ? new FinalizationRegistry(free) : undefined;
}
