import { existsSync, rmSync } from 'node:fs';
import { isProgram, programsOn } from './path.mjs';
import { inProject } from './project.mjs';
import { run, skipped } from './step.mjs';

/** What the host in Python needs, from PyPI. */
const packages = ['wasmtime==50.0.1', 'numpy'];

const folder = inProject('.tools', 'python');
const inside = (name) =>
  process.platform === 'win32'
    ? inProject('.tools', 'python', 'Scripts', `${name}.exe`)
    : inProject('.tools', 'python', 'bin', name);

/** The project's own Python, which has wasmtime and numpy, where it is there. */
export function findPython() {
  const python = inside('python');
  return isProgram(python) && existsSync(inProject('.tools', 'python', 'complete')) ? python : undefined;
}

/** How to get it where it is missing. */
export const howToGetPython = `Python with wasmtime is not there, and the tests of the host in Python are left out: \`npm run setup\` installs ${packages.join(' and ')} into .tools/python where there are Python 3 with venv, and PyPI`;

/** Installs Python's packages into a folder of the project where that is possible; a set-up goes on without them. */
export async function providePython() {
  if (findPython()) return skipped('Python with wasmtime already there');
  const [python] = programsOn(process.env.PATH, ['python3', 'python']);
  if (!python) return skipped(howToGetPython);
  try {
    rmSync(folder, { recursive: true, force: true });
    await run(python, ['-m', 'venv', folder]);
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--retries', '1'];
    await run(inside('python'), [...install, ...packages]);
    const check = 'import wasmtime, numpy, pathlib, sys; pathlib.Path(sys.prefix, "complete").touch()';
    await run(inside('python'), ['-c', check]);
  } catch {
    return skipped(howToGetPython);
  }
  return 'Python with wasmtime installed';
}
