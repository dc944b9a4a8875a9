/** What scripts do where `import()` is forbidden. */
import * as pyramidPool from '/node_modules/pyramid-pool/dist/browser/static.js';
import { check } from './check.js';
import { checkForbidden } from './forbidden.js';

/** Pools with the entry that needs no `import()`, and has the other ones say that this is the right one. */
export async function checkStatic() {
  try {
    await checkForbidden();
    return await check(pyramidPool);
  } catch (error) {
    return { error: `${error}\n${error.stack}` };
  }
}
