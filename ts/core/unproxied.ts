/**
 * Reactive libraries (Vue, Alpine, MobX, Valtio) wrap objects in proxies, and private fields cannot be read through a
 * proxy. So the objects that users hold say who they are: each has a function that gives the object itself, whatever
 * proxy it is asked through. The function is neither writable nor configurable, so a proxy must give it as it is.
 */
const self = Symbol('pyramid-pool.self');

/**
 * The base of classes with private fields whose objects may be wrapped: their methods read private fields of
 * `unproxied(this)`. Each has a `Symbol.toStringTag`, by which Vue and Alpine leave its objects alone.
 */
export abstract class Unproxied {
  constructor() {
    Object.defineProperty(this, self, { value: () => this });
  }
}

/** The object behind a proxy of one of this package's objects; any other value as it is. */
export function unproxied<T>(value: T): T {
  const find = (value as { [self]?: () => T } | null | undefined)?.[self];
  return typeof find === 'function' ? find() : value;
}
