import { isDeepStrictEqual } from 'node:util';
import { findBrowser } from '../../scripts/browsers.mjs';
import { cli } from '../../scripts/cli.mjs';
import { fail, nothing, run, step } from '../../scripts/step.mjs';
import { consumers } from './consumers.mjs';
import { closeBrowser } from './page.mjs';
import { installInto, pack, provideTools } from './place.mjs';

const help = `
Usage: npm run test:package [-- NAME]...

Packs the package, installs it into a project for each kind of consumer, or the named ones, and has every one of them
pool the golden feature maps.`;

// Each consumer keeps a core or two busy.
const AT_A_TIME = 2;

/** Tries the packed package in each consumer. */
export async function testPackage(names = []) {
  const unknown = names.find((name) => !consumers.some(({ folder }) => folder === name));
  if (unknown)
    fail(`There is no consumer ${unknown}: they are ${consumers.map((it) => it.folder).join(', ')}.`);
  await step('installing tools of consumers', provideTools);
  await step('packing', async () => {
    const { size, files } = await pack();
    return `packed: ${files.length} files, ${(size / 1000).toFixed(1)} kB`;
  });
  const queue = consumers.filter(({ folder }) => names.length === 0 || names.includes(folder));
  try {
    await Promise.all(Array.from({ length: AT_A_TIME }, () => workThrough(queue)));
  } finally {
    await closeBrowser();
  }
}

async function workThrough(queue) {
  for (let next = queue.shift(); next; next = queue.shift()) await tryConsumer(next);
}

async function tryConsumer({ folder, build, checks }) {
  const place = await step(`${folder}: installing`, () => installInto(folder));
  if (build) {
    await step(`${folder}: building`, async () => {
      await run('npm', ['run', build], { cwd: place.folder, env: place.env });
    });
  }
  for (const check of checks) {
    await step(`${folder}: ${check.runtime}, ${check.how}`, () => tryCheck(check, place));
  }
}

async function tryCheck({ browser, ran, byDefault, run, runtime, how }, place) {
  const title = `${runtime}, ${how}`;
  if (browser && !findBrowser('chromium')) return nothing(`${title}: skipped, as there is no Chromium`);
  const result = await run(place);
  if (!isDeepStrictEqual({ ran: result.ran, byDefault: result.byDefault }, { ran, byDefault })) {
    fail(
      `${title}: got ${JSON.stringify(result)} instead of the variants ${JSON.stringify({ ran, byDefault })}`,
    );
  }
  return `${title}: ${[...new Set(Object.values(ran))].join(', ') || byDefault}`;
}

await cli(import.meta, help, testPackage);
