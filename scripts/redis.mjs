// Redis or Valkey, which the tests of queues need.

import { install, offers } from './debian.mjs';
import { isProgram, programsOn } from './path.mjs';

/** The program of a Redis or Valkey server; undefined where none is installed. */
export const findRedis = (env = process.env) =>
  [...programsOn(env.PATH, ['redis-server', 'valkey-server'])].find(isProgram);

/** Installs Debian's Redis where that can be done without asking. Returns its program if it is there then. */
export async function provideRedis() {
  if (!(await offers('redis-server'))) return undefined;
  await install(['redis-server']);
  return findRedis();
}
