import { createPyramidPool } from 'pyramid-pool';
import { borderMean, cropToInk, type Plane } from '../ink/plane.js';

/** The network has seen digits of 7 to 56 pixels: larger ones are reduced to this. Smaller ones stay as they are. */
const LONGEST_SIDE = 56;

/** What is so much weaker than the strongest ink is grain of the paper, or a shadow on it. */
const GRAIN = 0.2;

/** The digit in a picture, cut to its ink and no larger than the network knows; nothing where there is no ink. */
export async function prepare(picture: Plane): Promise<Plane | undefined> {
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

/** A picture that is too large, reduced by averages: adaptive bins are what reduces any size to any smaller one. */
async function shrink(picture: Plane): Promise<Plane> {
  const { values, height, width } = picture;
  const scale = LONGEST_SIDE / Math.max(height, width);
  if (scale >= 1) return picture;
  const [rows, columns] = [height, width].map((size) => Math.max(1, Math.round(size * scale)));
  using pool = await createPyramidPool({ levels: [[rows, columns]], reduction: 'average' });
  const { data } = pool.forward({ data: values, dims: [1, height, width] });
  return { values: data, height: rows, width: columns };
}
