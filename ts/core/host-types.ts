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

/** A `TrustedScriptURL`, which a policy of Trusted Types makes, by what it does: both functions give the text of the URL. */
export interface TrustedScriptUrlLike {
  /** The address as text. */
  toString(): string;
  /** The address as text. */
  toJSON(): string;
}

/** The class of the package `@types/trusted-types`, which declares no functions, in programs that use it. */
type DeclaredTrustedScriptUrl = typeof globalThis extends {
  window: { TrustedScriptURL: { prototype: infer T } };
}
  ? T
  : never;

/** The address of a script: its text, a `URL`, or a `TrustedScriptURL`, which pages that enforce Trusted Types need. */
export type ScriptUrl = string | UrlLike | TrustedScriptUrlLike | DeclaredTrustedScriptUrl;
