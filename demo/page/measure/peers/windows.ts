/** How runtimes without adaptive pooling get at the bins of a level. */
export interface Axis {
  readonly bins: readonly (readonly [start: number, end: number])[];
  /** Kernel and stride where plain max pooling has exactly these bins. */
  readonly pooling: { readonly kernel: number; readonly stride: number } | undefined;
}

/** PyTorch's adaptive bins. They are those of plain pooling where at most one cell is left over. */
export function adaptiveAxis(size: number, n: number): Axis {
  const bins = Array.from(
    { length: n },
    (_, i) => [Math.floor((i * size) / n), Math.ceil(((i + 1) * size) / n)] as const,
  );
  const [kernel, stride] = [Math.ceil(size / n), Math.floor(size / n)];
  const isPlain =
    stride > 0 && bins.every(([start, end], i) => start === i * stride && end === start + kernel);
  return { bins, pooling: isPlain ? { kernel, stride } : undefined };
}
