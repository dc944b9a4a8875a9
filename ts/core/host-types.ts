/** Types of what hosts have, for programs in TypeScript that are compiled with and without its library `dom`. */

/** The type that `WebAssembly[Name]` makes, which only the library `dom` declares. */
type Declared<Name extends string> = typeof globalThis extends {
  WebAssembly: Record<Name, { prototype: infer T }>;
}
  ? T
  : object;

/** A compiled module: the type `WebAssembly.Module`, or `object` where TypeScript's library `dom` is not used. */
export type WebAssemblyModule = Declared<'Module'>;

/** A memory: the type `WebAssembly.Memory`, or `object` where TypeScript's library `dom` is not used. */
export type WebAssemblyMemory = Declared<'Memory'>;

/** The answer of a server, or a file: what gives its bytes when asked, as a `Response` or a `Blob` does. */
export interface ResponseLike {
  /** Whether the server found what was asked for. */
  readonly ok?: boolean;
  /** The status that it answered. */
  readonly status?: number;
  /** All of its bytes. */
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** An address: a `URL`, or what has the text of one like it. */
export interface UrlLike {
  readonly href: string;
}
