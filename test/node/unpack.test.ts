/** What the package packs for downloads is unpacked to the same bytes. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unpack } from '../../dist/wasm/unpack.js';
import { packLzma } from '../../scripts/lzma.mjs';
import { published } from '../../scripts/variants.mjs';

const dist = new URL('../../dist/wasm/', import.meta.url);

/** Through base64, as downloads are. */
const restored = async (bytes: Uint8Array) =>
  unpack(Buffer.from(await packLzma(bytes)).toString('base64')) as Uint8Array;

test.each(published)('the payload of %s holds its module', async (variant) => {
  const { wasm } = (await import(`${dist}${variant}.js`)) as { wasm: string };
  expect(Buffer.compare(unpack(wasm), readFileSync(new URL(`${variant}.wasm`, dist)))).toBe(0);
});

/** Bytes that repeat some of those before them, after others of few values. */
const repeating = fc
  .array(fc.tuple(fc.uint8Array({ max: 3, maxLength: 40 }), fc.nat(), fc.nat(400)), {
    minLength: 1,
    maxLength: 60,
  })
  .map((steps) => {
    const bytes: number[] = [];
    for (const [fresh, from, count] of steps) {
      bytes.push(...fresh);
      const at = from % (bytes.length + 1);
      for (let i = 0; i < count && at < bytes.length; i++) bytes.push(bytes[at + i] as number);
    }
    return Uint8Array.from(bytes);
  });

test('random bytes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 2000 }), repeating), async (bytes) => {
      expect(await restored(bytes)).toEqual(bytes);
    }),
    { numRuns: 60 },
  );
});

test('a match far behind', async () => {
  const bytes = new Uint8Array(400_000);
  for (let i = 0, seed = 1; i < 100; i++) {
    seed = (seed * 48271) % 2147483647;
    bytes[i] = bytes[bytes.length - 100 + i] = seed % 256;
  }
  expect(Buffer.compare(await restored(bytes), bytes)).toBe(0);
});
