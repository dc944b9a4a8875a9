import 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** The variants that gave the expected bits in this test: what the README's table is made from. */
    variants?: string[];
  }
}
