/** Large images: memory keeps to its bound, which decides how many are held at once. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { memoryForImages } from '../../extract/ts/threads/memory.js';
import { failedOf, partsOf, startCommand, temporaryFolder } from './command.js';
import { sharp } from './photos.js';
import { model } from './reference.js';

const folder = temporaryFolder();
const photos = join(folder, 'photos');
const tooLarge = join(folder, 'too large.png');

/** Runs the command, and looks how many bytes it held at most. */
async function peakOf(name: string, memory: string, inputs: string[]): Promise<number> {
  const options = ['--engine', 'web', '--part-size', '1', '--workers', '2', '--memory', memory];
  const running = startCommand([...inputs, '--model', model, '--out', join(folder, name), ...options]);
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, residentBytes(running.child.pid!));
  }, 10);
  const { code, text } = await running;
  clearInterval(timer);
  expect([0, 3], text).toContain(code);
  return peak;
}

function residentBytes(pid: number): number {
  try {
    return 1024 * Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);
  } catch {
    // It has ended.
    return 0;
  }
}

describe.skipIf(!existsSync('/proc/self/status'))('memory (needs /proc)', { timeout: 180_000 }, () => {
  beforeAll(async () => {
    mkdirSync(photos);
    const plain = (width: number, height: number) =>
      sharp({ create: { width, height, channels: 3, background: '#4080c0' } }).png({ compressionLevel: 1 });
    await plain(6000, 5000).toFile(tooLarge);
    // Of one such image there is room in 900 MB, not of two.
    for (let i = 0; i < 2; i++) await plain(2600, 2000 + i).toFile(join(photos, `${i}.png`));
  });

  test('a run keeps to --memory, and what does not fit fails with a reason', async () => {
    const small = await peakOf('small', '900MB', [photos, tooLarge]);
    const large = await peakOf('large', '6GB', [photos]);
    expect(small).toBeLessThan(900e6);
    expect(large).toBeGreaterThan(small);
    expect(Object.keys(failedOf(join(folder, 'small')))).toEqual(['too large.png']);
    expect(failedOf(join(folder, 'small'))['too large.png']).toMatch(
      /^6000 x 5000 pixels take about .* raise --memory$/,
    );
    expect(Object.keys(partsOf(join(folder, 'large')))).toHaveLength(2);
  });
});

test('what memory leaves for images', () => {
  expect(memoryForImages(2e9, 4)).toBe(1.3e9);
  expect(() => memoryForImages(4e8, 2)).toThrow('must be at least 600 MB for --workers 2');
  expect(memoryForImages(undefined, 1e6)).toBe(1e8);
});
