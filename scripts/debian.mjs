import { existsSync } from 'node:fs';
import { run } from './step.mjs';

// Another apt-get may be at work, as on a machine that has just started.
const options = ['-y', '-q', '-o', 'DPkg::Lock::Timeout=900', '--no-install-recommends'];
const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };

/** Whether packages can be installed without asking anyone. */
export const canInstall = () => process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');

/** Whether the package lists, renewed if need be, offer this package. */
export async function offers(name) {
  if (!canInstall()) return false;
  if (await hasCandidate(name)) return true;
  await update();
  return hasCandidate(name);
}

/**
 * Installs packages; where that fails, once more with new package lists, as old ones name files that are
 * gone.
 */
export async function install(names) {
  const attempt = () => run('apt-get', ['install', ...options, ...names], { env });
  await attempt().catch(async () => {
    await update();
    await attempt();
  });
}

async function hasCandidate(name) {
  const policy = await run('apt-cache', ['policy', name]).catch(() => '');
  return /Candidate: (?!\(none\))/.test(policy);
}

/** Renews the package lists. Not fatal: one source out of reach does not matter when another has the package. */
export const update = () => run('apt-get', ['update', '-q'], { env }).catch(() => {});
