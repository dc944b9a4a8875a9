import * as debian from './debian.mjs';
import { isProgram, programsOn } from './path.mjs';
import { fail } from './step.mjs';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const macChrome = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

/**
 * The Chromium or Chrome to test with, if there is one: the one that CHROME names, or else one on the path.
 */
export function findChromium({ CHROME, PATH } = process.env) {
  if (CHROME) return isProgram(CHROME) ? CHROME : fail(`CHROME is ${CHROME}, which is not a program.`);
  return [...programsOn(PATH, names), macChrome].find(isProgram);
}

/** As findChromium, but installs it where that is possible, or says how to. */
export async function provideChromium() {
  return findChromium() ?? (await installChromium()) ?? fail(howToInstall);
}

async function installChromium() {
  if (!(await debian.offers('chromium'))) return;
  await debian.install(['chromium']);
  return findChromium();
}

const howToInstall = `\
The browser tests need Chromium or Chrome, and none is on the path. Any one of these provides it:
  Debian, as root:  apt-get install chromium
  elsewhere:        install Google Chrome
  already there:    set CHROME to the program's path`;
