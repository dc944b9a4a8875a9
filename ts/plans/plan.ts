/** What the crate has planned for maps of one size or for regions, in WASM memory. */
export interface Plan {
  readonly address: number;
  /** Words of working memory that a thread needs to run an operation over elements of a type: both are the crate's numbers. */
  scratchWords(operation: number, element: number): number;
  /** Called when a call does not need it any more. */
  release(): void;
}
