import { isDeepStrictEqual } from 'node:util';
import { findBrowser } from '../../scripts/browsers.mjs';
import { cli } from '../../scripts/cli.mjs';
import { runNpm } from '../../scripts/programs.mjs';
import { forget, record } from '../../scripts/results.mjs';
import { fail, skipped, step } from '../../scripts/step.mjs';
import {
  forgetPassed,
  hasPassed,
  installInto,
  notePassed,
  pack,
  provideTools,
  stampOf,
} from './consumer-folder.mjs';
import { consumers } from './consumers.mjs';
import { testExtract } from './extract.mjs';
import { packedChecks } from './packed.mjs';
import { closeBrowser } from './page.mjs';

const help = `
Usage: npm run test:package [-- NAME]...

Packs the package, installs it into a project for each kind of consumer, or the named ones, and has every one of them
pool the golden feature maps. \`extract\` is the package pyramid-pool-extract, whose command is run on a few images.`;

// Each consumer keeps a core or two busy.
const AT_A_TIME = 2;

/** Tries the packed package in each consumer. Those that passed with the same package are left out, unless they are named. */
export async function testPackage(names = []) {
  const known = [...consumers.map(({ folder }) => folder), 'extract'];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown) fail(`There is no consumer ${unknown}: they are ${known.join(', ')}.`);
  await step('installing tools of consumers', provideTools);
  let files;
  await step('packing', async () => {
    const packed = await pack();
    files = packed.files;
    return `packed: ${files.length} files, ${(packed.size / 1000).toFixed(1)} kB`;
  });
  if (names.length === 0) await checkPacked(files);
  const queue = consumers.filter(({ folder }) => names.length === 0 || names.includes(folder));
  try {
    const again = names.length > 0;
    await Promise.all(Array.from({ length: AT_A_TIME }, () => workThrough(queue, files, again)));
    if (!again || names.includes('extract')) await testExtract(files, again);
  } finally {
    await closeBrowser();
  }
}

async function checkPacked(files) {
  const consumer = await installInto('packed');
  for (const [title, check] of Object.entries(packedChecks)) {
    await step(title, async () => {
      await check({ consumer, files });
    });
  }
}

async function workThrough(queue, files, again) {
  for (let next = queue.shift(); next; next = queue.shift()) await tryConsumer(next, files, again);
}

async function tryConsumer({ folder, build, checks }, files, again) {
  const stamp = stampOf(folder, files);
  if (!again && hasPassed(folder, stamp)) {
    return step(folder, () => skipped(`${folder}: nothing has changed since it passed`));
  }
  forgetPassed(folder);
  forget(`consumer ${folder}`);
  const consumer = await step(`${folder}: installing`, () => installInto(folder));
  if (build) {
    await step(`${folder}: building`, async () => {
      await runNpm(['run', build], { cwd: consumer.folder, env: consumer.env });
    });
  }
  const runnable = checks.filter(({ browser }) => !browser || findBrowser(browser));
  for (const check of runnable) {
    await step(`${folder}: ${check.runtime}, ${check.how}`, () => tryCheck(folder, check, consumer));
  }
  if (runnable.length === checks.length) return notePassed(folder, stamp);
  await step(folder, () => skipped(`${folder}: a browser is not there, and what needs it is skipped`));
}

async function tryCheck(folder, { ran, byDefault, run, runtime, how }, consumer) {
  const result = await run(consumer);
  const expected = { ran, byDefault };
  if (!isDeepStrictEqual({ ran: result.ran, byDefault: result.byDefault }, expected)) {
    fail(`${runtime}, ${how}: got ${JSON.stringify(result)} instead of ${JSON.stringify(expected)}`);
  }
  const variants = [...new Set(Object.values(ran))];
  const order = 10 + consumers.findIndex((it) => it.folder === folder);
  record(`consumer ${folder} ${runtime} ${how}`, { runtime, variants, how, order });
  return `${folder}: ${runtime}, ${how}: ${variants.join(', ') || byDefault}`;
}

await cli(import.meta, help, testPackage);
