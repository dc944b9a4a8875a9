import 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** The variants that gave the expected bits in this test: what the table of docs/hosts.md is made from. */
    variants?: string[];
  }
}
