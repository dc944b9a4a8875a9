export interface Distance {
  readonly euclidean: number;
  /** The cosine similarity: 1 for vectors of the same direction, 0 for orthogonal ones. */
  readonly cosine: number;
}

export function distanceBetween(a: Float32Array, b: Float32Array): Distance {
  let [squares, product, squaresA, squaresB] = [0, 0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    squares += (a[i] - b[i]) ** 2;
    product += a[i] * b[i];
    squaresA += a[i] ** 2;
    squaresB += b[i] ** 2;
  }
  const norms = Math.sqrt(squaresA * squaresB);
  return { euclidean: Math.sqrt(squares), cosine: norms > 0 ? product / norms : 0 };
}
