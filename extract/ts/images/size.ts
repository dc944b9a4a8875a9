/** Height and width of an image, in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The bounds that an image is scaled down to, its aspect kept. */
export interface SizeBounds {
  readonly longestSide?: number | undefined;
  readonly maxPixels?: number | undefined;
}

/** The size that an image is scaled to: its own, or the largest one of the same aspect that keeps to the bounds. */
export function targetSize({ width, height }: Size, { longestSide, maxPixels }: SizeBounds): Size {
  const bySide = longestSide === undefined ? 1 : longestSide / Math.max(width, height);
  const byPixels = maxPixels === undefined ? 1 : Math.sqrt(maxPixels / (width * height));
  const scale = Math.min(1, bySide, byPixels);
  if (scale === 1) return { width, height };
  // Rounded down where pixels are counted: rounding up could pass the bound.
  const round = byPixels <= bySide ? Math.floor : Math.round;
  const size = { width: Math.max(1, round(width * scale)), height: Math.max(1, round(height * scale)) };
  if (maxPixels === undefined) return size;
  // A side of less than one pixel became one.
  return size.width >= size.height
    ? { width: Math.min(size.width, Math.floor(maxPixels / size.height)), height: size.height }
    : { width: size.width, height: Math.min(size.height, Math.floor(maxPixels / size.width)) };
}
