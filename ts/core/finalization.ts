/** Calls `free` with the value registered for a collected object. Old edge runtimes have no such registry: there nothing is called. */
export function onCollected<T>(free: (held: T) => void): FinalizationRegistry<T> | undefined {
  return typeof FinalizationRegistry === 'function' ? new FinalizationRegistry(free) : undefined;
}
