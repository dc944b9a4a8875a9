import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as debian from './debian.mjs';
import { isProgram, programsOn } from './path.mjs';
import { fail } from './step.mjs';

/**
 * @typedef {object} Browser one browser to test in
 * @property {string} title
 * @property {string} variable the environment variable that names its program
 * @property {string[]} names its program's names on the path
 * @property {string[]} elsewhere where else it may lie
 * @property {() => boolean} [complete] whether what it needs besides is there
 * @property {string[]} packages Debian's packages of it
 */

/** @type {Record<string, Browser>} */
export const browsers = {
  chromium: {
    title: 'Chromium',
    variable: 'CHROME',
    names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    elsewhere: [
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      'C:/Program Files/Google/Chrome/Application/chrome.exe',
    ],
    packages: ['chromium'],
  },
  firefox: {
    title: 'Firefox',
    variable: 'FIREFOX',
    names: ['firefox-esr', 'firefox'],
    elsewhere: [
      '/Applications/Firefox.app/Contents/MacOS/firefox',
      'C:/Program Files/Mozilla Firefox/firefox.exe',
    ],
    packages: ['firefox-esr'],
  },
  // Its program is the driver, which starts the browser itself.
  webkit: {
    title: 'WebKitGTK',
    variable: 'WEBKIT_DRIVER',
    names: ['WebKitWebDriver'],
    elsewhere: [],
    complete: () => Boolean(findMiniBrowser() && (process.env.DISPLAY || findXvfb())),
    packages: ['webkit2gtk-driver', 'xvfb', 'xauth'],
  },
};

/** The program of a browser, if it is there: the one that its variable names, or else one on the path. */
export function findBrowser(name, env = process.env) {
  const { title, variable, names, elsewhere, complete = () => true } = browsers[name];
  const given = env[variable];
  if (given && !isProgram(given)) fail(`${variable} is ${given}, which is not a program.`);
  const program = given ?? [...programsOn(env.PATH, names), ...elsewhere].find(isProgram);
  if (given && !complete()) fail(`${title} is incomplete: ${browsers[name].packages.join(', ')} are needed.`);
  return program && complete() ? program : undefined;
}

/** As findBrowser, but installs it where that is possible. */
export async function provideBrowser(name) {
  return findBrowser(name) ?? ((await install(name)) ? findBrowser(name) : undefined);
}

async function install(name) {
  const { packages } = browsers[name];
  if (!(await debian.offers(packages[0]))) return false;
  await debian.install(packages);
  return true;
}

/** How to get a browser that is missing. */
export const howToInstall = (name) => {
  const { title, variable, packages } = browsers[name];
  return `${title} is not there, and its tests are skipped; on Debian \`apt-get install ${packages.join(' ')}\` brings it, and ${variable} may name its program`;
};

/** The small browser that comes with WebKitGTK. */
export function findMiniBrowser() {
  const versions = ['webkit2gtk-4.1', 'webkit2gtk-4.0', 'webkitgtk-6.0'];
  return list('/usr/lib')
    .flatMap((folder) => versions.map((version) => join('/usr/lib', folder, version, 'MiniBrowser')))
    .find(isProgram);
}

/** The program that gives a browser a screen where there is none. */
export const findXvfb = (env = process.env) => programsOn(env.PATH, ['xvfb-run'])[0];

const list = (folder) => (existsSync(folder) ? readdirSync(folder) : []);
