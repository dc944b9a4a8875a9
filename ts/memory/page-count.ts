export const PAGE_BYTES = 65536;

/** A word in shared memory that holds how many pages the memory has, as far as any thread has told. It never goes down. */
export class PageCount {
  constructor(
    readonly words: Int32Array,
    readonly at: number,
  ) {}

  get pages(): number {
    return Atomics.load(this.words, this.at);
  }

  /** Tells that there are so many pages, or more. */
  raise(pages: number): void {
    for (let told = this.pages; told < pages; told = this.pages) {
      Atomics.compareExchange(this.words, this.at, told, pages);
    }
  }
}
