import { createPyramidPool } from 'pyramid-pool';
import { borderMean, cropToInk, type Plane } from '../ink/plane.js';

/** The network was trained on digits of 7 to 56 pixels: larger ones are reduced to this. */
const LONGEST_SIDE = 56;

/** Ink that is so much weaker than the strongest is noise of the paper, or a shadow on it. */
const GRAIN = 0.2;

/** The digit in a picture, cut to its ink and reduced to the sizes of the training; nothing where there is no ink. */
export async function cutDigit(picture: Plane): Promise<Plane | undefined> {
  const digit = cropToInk(withoutPaper(picture));
  return digit && shrink(digit);
}

/** The same picture with its paper at 0 and its strongest ink at 1. */
function withoutPaper(picture: Plane): Plane {
  const paper = borderMean(picture);
  const most = picture.values.reduce((max, value) => Math.max(max, value), 0);
  const range = most - paper;
  // A picture of one shade: there is nothing written on it.
  if (range < GRAIN) return { ...picture, values: picture.values.map(() => 0) };
  // Ink on white paper that was made by a program stays as it is.
  const floor = paper < 0.02 ? 0 : GRAIN;
  const values = picture.values.map((value) =>
    Math.min(1, Math.max(0, ((value - paper) / range - floor) / (1 - floor))),
  );
  return { ...picture, values };
}

/** Reduces a picture that is too large by averages over adaptive bins. */
async function shrink(picture: Plane): Promise<Plane> {
  const { values, height, width } = picture;
  const scale = LONGEST_SIDE / Math.max(height, width);
  if (scale >= 1) return picture;
  const [rows, columns] = [height, width].map((size) => Math.max(1, Math.round(size * scale)));
  using pool = await createPyramidPool({ levels: [[rows, columns]], reduction: 'average' });
  const { data } = pool.forward({ data: values, dims: [1, height, width] });
  return { values: data, height: rows, width: columns };
}
