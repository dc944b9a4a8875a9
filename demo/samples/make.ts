/**
 * Makes `digits.json`: a few handwritten digits of each class, cut to their ink, so that the page has something to show
 * before anything was loaded. Run it with `npx tsx demo/samples/make.ts`.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { loadDigits } from '../data/node-assets.js';
import { decodeDigits } from '../train/digits.js';
import { seededRandom, shuffled } from '../train/random.js';

const EACH = 3;
const FILE = fileURLToPath(new URL('digits.json', import.meta.url));

const digits = shuffled(decodeDigits(await loadDigits()), seededRandom(3));
const chosen = Array.from({ length: 10 }, (_, label) =>
  digits.filter((digit) => digit.label === label).slice(0, EACH),
).flat();
const packed = chosen.map(({ label, height, width, pixels }) => ({
  label,
  height,
  width,
  ink: Buffer.from(pixels.map((ink) => Math.round(255 * ink))).toString('base64'),
}));
await writeFile(FILE, `${JSON.stringify(packed)}\n`);
