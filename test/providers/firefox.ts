import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { customProvider } from './custom.js';

/** Preferences: no first-run pages, no connections of the browser's own, no question about slow scripts. */
const preferences = {
  'app.normandy.enabled': false,
  'app.update.disabledForTesting': true,
  'browser.aboutwelcome.enabled': false,
  'browser.safebrowsing.update.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'datareporting.policy.dataSubmissionEnabled': false,
  'dom.max_script_run_time': 0,
  'extensions.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
};

/**
 * Firefox, started with the page as an argument. Not by WebDriver BiDi: under its agent a worker that starts workers one
 * after the other hangs in `new Worker` now and then, which it does not without.
 */
export const firefox = (program: string) =>
  customProvider('firefox', async () => {
    const profile = mkdtempSync(join(tmpdir(), 'pyramid-pool-firefox-'));
    const lines = Object.entries(preferences).map(
      ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`,
    );
    writeFileSync(join(profile, 'user.js'), `${lines.join('\n')}\n`);
    let running: ChildProcess | undefined;
    const stop = () => running?.kill();
    process.on('exit', stop);
    const end = async () => {
      if (!running || running.exitCode !== null || running.signalCode !== null) return;
      const ended = once(running, 'exit');
      stop();
      await ended;
    };
    return {
      async open(url) {
        await end();
        running = spawn(program, ['--headless', '--no-remote', '--profile', profile, url], {
          stdio: 'ignore',
        });
        await once(running, 'spawn');
      },
      async close() {
        await end();
        process.off('exit', stop);
        rmSync(profile, { recursive: true, force: true });
      },
    };
  });
