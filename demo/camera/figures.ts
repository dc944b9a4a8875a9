/** Draws features and vectors. */

/** All filters side by side, two rows of them, as shades of gray. */
export function drawFeatures(
  canvas: HTMLCanvasElement,
  features: Float32Array,
  [filters, height, width]: readonly number[],
): void {
  const columns = Math.ceil(filters / 2);
  canvas.width = columns * width;
  canvas.height = 2 * height;
  const image = new ImageData(canvas.width, canvas.height);
  features.forEach((value, i) => {
    const filter = Math.floor(i / (height * width));
    const y = Math.floor((i % (height * width)) / width) + Math.floor(filter / columns) * height;
    const x = (i % width) + (filter % columns) * width;
    image.data.fill(255 * Math.min(1, 4 * value), 4 * (y * canvas.width + x), 4 * (y * canvas.width + x) + 3);
    image.data[4 * (y * canvas.width + x) + 3] = 255;
  });
  canvas.getContext('2d')?.putImageData(image, 0, 0);
}

/** A bar for each value. */
export function drawVector(canvas: HTMLCanvasElement, values: Float32Array): void {
  canvas.width = 4 * values.length;
  canvas.height = 128;
  const context = canvas.getContext('2d');
  if (!context) return;
  context.fillStyle = '#3f7fd6';
  values.forEach((value, i) => {
    const height = Math.min(1, 2 * value) * canvas.height;
    context.fillRect(4 * i, canvas.height - height, 3, height);
  });
}
