/** Digits of all sizes to vectors, and the scripts of docs/vectors.md over them. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { examplesIn, root } from '../node/markdown.js';
import { runCommand } from './command.js';
import { sharp } from './photos.js';

const SIDE = 28;
const [KNOWN, UNKNOWN] = [120, 40];

// Where the scripts find the packages by their names.
const folder = mkdtempSync(join(root, 'extract', 'digits-'));
afterAll(() => rmSync(folder, { recursive: true }));

const require = createRequire(import.meta.url);

/** Writes digits, each scaled to a size of its own. */
async function writeDigits(): Promise<void> {
  for (let label = 0; label < 10; label++) {
    const { data } = require(`mnist/src/digits/${label}.json`) as { data: number[] };
    for (let i = 0; i < KNOWN + UNKNOWN; i++) {
      const place = join(folder, 'digits', i < KNOWN ? 'known' : 'unknown', String(label));
      mkdirSync(place, { recursive: true });
      const ink = data.slice(i * SIDE ** 2, (i + 1) * SIDE ** 2).map((value) => Math.round(255 * value));
      const raw = { width: SIDE, height: SIDE, channels: 1 } as const;
      const side = 24 + ((i * 7 + label * 5) % 24);
      const image = sharp(Buffer.from(ink), { raw }).resize(side, side, { fit: 'fill' });
      writeFileSync(
        join(place, `${i}.png`),
        await image.toColourspace('b-w').png({ compressionLevel: 1 }).toBuffer(),
      );
    }
  }
}

function script(name: string): string {
  const cwd = folder;
  const { status, stdout, stderr } = spawnSync(process.execPath, [name], { cwd, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return stdout;
}

const percentIn = (text: string) => Number(/([\d.]+) %/.exec(text)?.[1]);

test('nearest neighbours and a linear classifier know digits they have not seen', async () => {
  await writeDigits();
  const model = join(root, 'demo/backbone/digits.onnx');
  const { code, text } = await runCommand(
    join(folder, 'digits'),
    ...['--model', model, '--levels', '4,2,1', '--preset', 'unit', '--out', join(folder, 'vectors')],
  );
  expect(code, text).toBe(0);
  for (const { file, code } of examplesIn('docs/vectors.md')) writeFileSync(join(folder, file!), code);
  const [nearest, linear] = [script('nearest.mjs'), script('classify.mjs')];
  console.log(nearest + linear);
  expect(percentIn(nearest)).toBeGreaterThan(93);
  expect(percentIn(linear)).toBeGreaterThan(93);
});
