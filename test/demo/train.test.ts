import { readFileSync } from 'node:fs';
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { numberIn, textOf, visitor } from './visit.js';

const visit = visitor();

const imagesLearnt = (page: Page) => numberIn(page, '#progress-text', /^([\d,]+) of 8,000 images/);

/** What the page says of digits that the network has never seen, in percent: at their own sizes, and at others. */
async function testResult(page: Page): Promise<number[]> {
  const text = await textOf(page, '#test-text', /Recognised/);
  return [...text.matchAll(/([\d.]+) %/g)].map(([, percent]) => Number(percent));
}

test('a network is trained, held, saved, loaded, and reads what is written', async () => {
  const page = await visit('train');
  await page.getByRole('button', { name: 'Take one from the test' }).click();
  await textOf(page, '#answer-text', /has learnt nothing yet/);
  await page.getByRole('button', { name: 'Step' }).click();
  expect(await imagesLearnt(page)).toBe(32);
  await page.getByRole('button', { name: 'Go on' }).click();
  await textOf(page, '#progress-text', /^[1-7],\d{3} of/);
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Go on' }).waitFor();
  await page.getByLabel('Learning rate').fill('-2.2');
  await page.getByRole('button', { name: 'Go on' }).click();
  for (const accuracy of await testResult(page)) expect(accuracy).toBeGreaterThan(88);
  expect(await imagesLearnt(page)).toBe(8000);

  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the model' }).click();
  const file = await (await downloading).path();
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ levels: [4, 2, 1] });

  const model = JSON.parse(readFileSync(file, 'utf8'));
  const buffer = Buffer.from(JSON.stringify({ ...model, weights: model.weights.slice(1) }));
  await page
    .getByLabel('Load a model')
    .setInputFiles({ name: 'other.json', mimeType: 'application/json', buffer });
  await textOf(page, '.view-train #problem', /weights of another network/);
  expect(await imagesLearnt(page)).toBe(8000);

  await page.getByRole('button', { name: 'Reset' }).click();
  await textOf(page, '#progress-text', /Not started/);
  await page.getByLabel('Load a model').setInputFiles(file);
  await textOf(page, '#model-text', /is loaded/);
  for (const [height, name] of [
    [0.25, 'small'],
    [0.8, 'large'],
  ] as const) {
    await page.getByRole('button', { name: 'Clear' }).click();
    await strokeDown(page, height);
    expect(await textOf(page, '#answer-text', /that is a/), name).toMatch(/that is a 1/);
  }
  await page.getByRole('button', { name: 'Clear' }).click();
  await page.keyboard.press('Shift+Tab');
  await page.locator('#pad .pad-hint').waitFor();
  await page.keyboard.press('Space');
  await textOf(page, '#pad [role=status]', /^Brush down, 50 % from the left, 25 % from the top/);
  for (let i = 0; i < 12; i++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await textOf(page, '#pad [role=status]', /^Brush lifted, 50 % from the left, 75 % from the top/);
  await page.keyboard.press('ArrowLeft');
  await textOf(page, '#answer-text', /^\d × 3\d pixels: that is a 1/);
});

async function strokeDown(page: Page, height: number): Promise<void> {
  const pad = page.locator('#pad');
  const side = (await pad.boundingBox())!.width;
  await pad.hover({ position: { x: side * 0.5, y: side * 0.1 } });
  const box = (await pad.boundingBox())!;
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.48, box.y + box.height * (0.1 + height), { steps: 8 });
  await page.mouse.up();
}

test('without the pyramid the fully connected layer takes one size only', async () => {
  const page = await visit('train');
  await page.getByLabel('Spatial pyramid pooling').uncheck();
  await page.getByRole('button', { name: 'Train' }).click();
  await textOf(page, '#refusal', /pixels gives [\d,]+ values\. tfjs: Error in matMul/);
  await textOf(page, '#stream-text', /Of \d+ digits it could take \d+/);
  await page.getByRole('button', { name: 'Reset' }).click();
  await page.locator('#refusal').waitFor({ state: 'hidden' });
});

test('another choice starts over, and asks before where something would be lost', async () => {
  const page = await visit('train');
  const epochs = page.getByLabel('How long');
  await epochs.selectOption('5');
  await epochs.selectOption('1');
  await page.getByRole('button', { name: 'Step' }).click();
  const learnt = await imagesLearnt(page);
  const question = page.getByRole('alertdialog', { name: 'Start over?' });

  await epochs.selectOption('5');
  await question.getByRole('button', { name: 'Keep' }).click();
  await expect.poll(() => epochs.inputValue()).toBe('1');
  await page.getByLabel('Spatial pyramid pooling').uncheck();
  await question.waitFor();
  await page.keyboard.press('Escape');
  await expect.poll(() => page.getByLabel('Spatial pyramid pooling').isChecked()).toBe(true);
  expect(await imagesLearnt(page)).toBe(learnt);

  await epochs.selectOption('5');
  await question.getByRole('button', { name: 'Start over' }).click();
  await textOf(page, '#progress-text', /Not started/);
  await page.getByRole('button', { name: 'Step' }).click();
  await textOf(page, '#progress-text', /^\d+ of 40,000 images/);
});

test('a file that is no model is refused with a sentence', async () => {
  const page = await visit('train');
  const file = { name: 'other.json', mimeType: 'application/json', buffer: Buffer.from('{"weights":[]}') };
  await page.getByLabel('Load a model').setInputFiles(file);
  await textOf(page, '.view-train #problem', /not a model/);
});
