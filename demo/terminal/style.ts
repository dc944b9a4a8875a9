/** Marks for a terminal; each gives plain text back where there is no colour. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
}

export function makeStyle(coloured: boolean): Style {
  const mark = (code: number) =>
    coloured ? (text: string) => `\x1b[${code}m${text}\x1b[0m` : (text: string) => text;
  return { bold: mark(1), dim: mark(2), good: mark(32), bad: mark(31) };
}
