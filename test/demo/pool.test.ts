import { expect, test } from 'vitest';
import { drop, imageFile, numberIn, paste, textOf, visitor } from './visit.js';

const visit = visitor();

/** With the network: sixteen maps of half the image's size. */
const networkIsThere = /16 × \d+ × \d+ cells → \d+ values/;

test('two images of different sizes end in vectors of one length, with a distance', async () => {
  const page = await visit('pool');
  expect(await textOf(page, '#image-a .map-size', networkIsThere)).toBe('16 × 10 × 10 cells → 336 values');
  expect(await textOf(page, '#image-b .map-size', networkIsThere)).toBe('16 × 19 × 19 cells → 336 values');
  const likeness = await numberIn(page, '#distance', /336 values each.*similarity (\d\.\d+)/);
  await page.getByRole('button', { name: 'Image B: an eight' }).click();
  await textOf(page, '#image-b .map-size', /16 × 1\d × \d+ cells/);
  await expect
    .poll(() => numberIn(page, '#distance', /336 values each.*similarity (\d\.\d+)/))
    .toBeLessThan(likeness);
});

test('an image is pasted, one is dropped, levels and rule are changed by hand', async () => {
  const page = await visit('pool');
  await textOf(page, '#image-a .map-size', networkIsThere);
  await paste(page, await imageFile(page, 31, 50), 'image/png');
  await textOf(page, '#image-a .map-size', /^16 × 25 × 16 cells → 336 values$/);
  await drop(page, '#image-a', await imageFile(page, 120, 81), 'image/png');
  await textOf(page, '#image-a .map-size', /^16 × 41 × 60 cells → 336 values$/);

  await page.getByLabel('Levels', { exact: true }).fill('6, 3, 2, 1');
  await textOf(page, '#image-a .map-size', /^16 × 41 × 60 cells → 800 values$/);
  expect(await page.locator('#shown-level label').allTextContents()).toEqual([
    '6 × 6',
    '3 × 3',
    '2 × 2',
    '1 × 1',
  ]);

  await page.getByLabel('Levels', { exact: true }).fill('4, nothing');
  await textOf(page, '#pyramid-problem', /“nothing” is not a level/);
  await page.getByLabel('Levels', { exact: true }).fill('2x5');
  await textOf(page, '#image-a .map-size', /160 values/);

  // Image B is 19 cells high and wide, where the paper's windows come out as nine, not eight.
  await page.getByLabel('Levels', { exact: true }).fill('8');
  await page.getByLabel('Rule of the bins').selectOption('sliding');
  await textOf(page, '#image-a .map-size', /1024 values/);
  await textOf(page, '#image-b .pool-problem', /'sliding' rule gives 9 windows/);
  await page.getByLabel('Levels', { exact: true }).fill('6');
  await page.getByLabel('Rule of the bins').selectOption('padded');
  await textOf(page, '#image-b .map-size', /576 values/);
  await page.locator('#image-b .pool-problem').waitFor({ state: 'hidden' });
});

test('thin images have maps to point at, and large ones say what they were', async () => {
  const page = await visit('pool');
  await drop(page, '#image-a', await imageFile(page, 2, 300), 'image/png');
  await drop(page, '#image-b', await imageFile(page, 1536, 768), 'image/png');
  await textOf(page, '#image-b figcaption', /384 × 192 pixels, shrunk from 1536 × 768/);
  await textOf(page, '#image-a .map-size', /^16 × 150 × 1 cells → 336 values$/);
  const map = page.locator('#image-a .map');
  const { width, height } = (await map.boundingBox())!;
  expect(width).toBeGreaterThan(30);
  await map.hover({ position: { x: width / 2, y: height - 5 } });
  await textOf(page, '#image-a .map-text', /bin 4, \d reads rows 113 to 150 /);
});

test('what is no image is refused with a sentence, and what was there stays', async () => {
  const page = await visit('pool');
  await textOf(page, '#image-a .map-size', networkIsThere);
  await drop(page, '#image-a', Buffer.from('no image'), 'text/plain');
  await textOf(page, '#image-a .source-problem', /not an image/);
  expect(await page.locator('#image-a .map-size').textContent()).toContain('336 values');
  await page.getByRole('button', { name: 'Image A: an eight' }).click();
  await page.locator('#image-a .source-problem').waitFor({ state: 'hidden' });
});

test('what is said of a file stays when the network arrives', async () => {
  let arrive = () => {};
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const page = await visit('pool', {
    onPage: (page) =>
      page.context().route(/ort-wasm.*\.wasm/, async (route) => {
        await arrived;
        await route.continue();
      }),
  });
  await textOf(page, '#image-a .map-size', /^1 × /);
  await drop(page, '#image-a', Buffer.from('no image'), 'text/plain');
  await textOf(page, '#image-a .source-problem', /not an image/);
  arrive();
  await textOf(page, '#image-a .map-size', networkIsThere);
  expect(await page.locator('#image-a .source-problem').isVisible()).toBe(true);
});

test('pointing at the map lights a bin, and its gradient lands on the cell of its maximum', async () => {
  const page = await visit('pool');
  await textOf(page, '#image-b .map-size', networkIsThere);
  const map = page.locator('#image-b .map');
  const box = (await map.boundingBox())!;
  await map.hover({ position: { x: box.width * 0.9, y: box.height * 0.1 } });
  await textOf(page, '#image-b .map-text', /bin 1, 4 reads rows 1 to 5 and columns 15 to 19/);
  // The same bin of the other image, whose size is another.
  await textOf(page, '#image-a .map-text', /bin 1, 4 reads rows 1 to 3 and columns 8 to 10/);
  await map.click({ position: { x: box.width * 0.9, y: box.height * 0.1 } });
  await textOf(
    page,
    '#gradient-text',
    /In image A it landed on 1 cell, up to 1 on one\. In image B it landed on 1/,
  );
  // The maximum of level 1 is a maximum on levels 4 and 2 as well.
  await page.getByRole('button', { name: 'every value' }).click();
  await textOf(page, '#gradient-text', /In image B it landed on \d+ cells, up to [3-9] on one/);
});

test('the keyboard goes through bins and levels', async () => {
  const page = await visit('pool');
  await textOf(page, '#image-a .map-size', networkIsThere);
  await page.locator('#image-a .map').focus();
  await page.keyboard.press('ArrowRight');
  await textOf(page, '#image-a .map-text', /Level 4 × 4, bin 2, 3/);
  await page.keyboard.press('PageDown');
  await textOf(page, '#image-a .map-text', /Level 2 × 2, bin 1, 1/);
  await page.keyboard.press('Enter');
  await textOf(page, '#gradient-text', /landed on 1 cell/);
});

test('whatever is changed while something is still being pooled, the answer is that of the last change', async () => {
  const page = await visit('pool');
  await page.locator('#image-a .map-size').waitFor();
  await page.evaluate(changeThingsByChance, 300);
  await page.getByRole('button', { name: 'Image A: a five', exact: true }).click();
  await page.getByRole('button', { name: 'Image B: the same five, larger' }).click();
  await page.getByLabel('Rule of the bins').selectOption('adaptive');
  await page.getByLabel('Levels', { exact: true }).fill('4, 2, 1');
  await textOf(page, '#distance', /^336 values each\. Distance 11\.19; cosine similarity 0\.950/);
  await page.getByRole('button', { name: '1 for the chosen value' }).click();
  await textOf(
    page,
    '#gradient-text',
    /In image A it landed on 1 cell, up to 1 on one\. In image B it landed on 1/,
  );
});

/** In the page: does so many things that a visitor may do, faster than any. */
async function changeThingsByChance(count: number): Promise<void> {
  let state = 1;
  const random = () => {
    state = (state * 16807) % 2147483647;
    return state / 2147483647;
  };
  const any = <T>(choices: readonly T[]) => choices[Math.floor(random() * choices.length)] as T;
  const click = (selector: string) => any([...document.querySelectorAll<HTMLElement>(selector)])?.click();
  const enter = (selector: string, event: string, values: readonly string[]) => {
    const field = document.querySelector<HTMLInputElement>(selector)!;
    field.value = any(values);
    field.dispatchEvent(new Event(event));
  };
  const keys = ['ArrowLeft', 'ArrowDown', 'PageDown', 'PageUp', 'Enter'];
  const deeds = [
    () => enter('#levels', 'input', ['4,2,1', '5', '2x6,1', '16', '8,4,2,1', 'no level', '']),
    () => enter('#rule', 'change', ['adaptive', 'sliding', 'padded']),
    () => click('.sample'),
    () => click('[data-send]'),
    () => click('.channel input'),
    () => click('#shown-level input'),
    () =>
      any([...document.querySelectorAll('.map')]).dispatchEvent(
        new KeyboardEvent('keydown', { key: any(keys) }),
      ),
  ];
  for (let i = 0; i < count; i++) {
    any(deeds)();
    if (random() < 0.5) await new Promise((resolve) => setTimeout(resolve, 25 * random()));
  }
}

test('an image is drawn by keyboard', async () => {
  const page = await visit('pool');
  await textOf(page, '#image-a .map-size', networkIsThere);
  await page.locator('#image-a').getByRole('button', { name: 'Draw' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('spinbutton', { name: 'Height' }).focus();
  await page.keyboard.press('Tab');
  await page.locator('.brush').waitFor();
  await page.keyboard.press('Space');
  await page.keyboard.down('ArrowDown');
  await page.keyboard.down('ArrowRight');
  await page.keyboard.up('ArrowRight');
  await page.keyboard.up('ArrowDown');
  await textOf(page, 'dialog .pad [role=status]', /^Brush down/);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await textOf(page, '#image-a .map-size', /^16 × 24 × 32 cells/);
});

test('an image is drawn, and one is photographed', async () => {
  const page = await visit('pool');
  await textOf(page, '#image-a .map-size', networkIsThere);
  await page.locator('#image-a').getByRole('button', { name: 'Draw' }).click();
  await page.getByLabel('Width').fill('50');
  const box = (await page.locator('dialog canvas').boundingBox())!;
  await page.mouse.move(box.x + 20, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + 90, box.y + 120, { steps: 5 });
  await page.mouse.up();
  await page.getByRole('button', { name: 'Use it' }).click();
  await textOf(page, '#image-a .map-size', /^16 × 24 × 25 cells/);

  await page.locator('#image-b').getByRole('button', { name: 'Photograph' }).click();
  await page.getByRole('button', { name: 'Take the picture' }).click();
  await textOf(page, '#image-b .map-size', /^16 × 144 × 192 cells → 336 values/);
});

test("a network of the visitor's own takes the place of the page's", async () => {
  const page = await visit('pool');
  await textOf(page, '#image-a .map-size', networkIsThere);
  const file = page.locator('#network input[type=file]');
  await file.setInputFiles({ name: 'notes.onnx', mimeType: '', buffer: Buffer.from('no network') });
  await textOf(page, '.network-problem', /notes.onnx cannot be used: .*no ONNX file/);
  await file.setInputFiles('test/interop/onnx/documented/model.onnx');
  await textOf(page, '.network-name', /Your network: model.onnx/);
  // What the network pools itself is chosen first: a quarter of the image's size.
  const value = page.getByLabel('Value to pool');
  await expect.poll(() => value.inputValue()).toBe('relu_1');
  await textOf(page, '#image-a .map-size', /16 × 5 × 5 cells → 336 values/);
  await value.selectOption('relu');
  await textOf(page, '#image-a .map-size', /8 × 10 × 10 cells → 168 values/);

  const before = await textOf(page, '#distance', /168 values each/);
  await page.getByRole('button', { name: 'As for ImageNet' }).click();
  await expect.poll(() => page.locator('#distance').textContent()).not.toBe(before);
  await page.getByLabel('Deviation').fill('0');
  await page.getByLabel('Mean').focus();
  await textOf(page, '.network-problem', /divided by 0/);

  await page.getByRole('button', { name: "Back to the page's network" }).click();
  await textOf(page, '#image-a .map-size', /^16 × 10 × 10 cells → 336 values$/);
  await page.locator('.network-settings').waitFor({ state: 'hidden' });
});
