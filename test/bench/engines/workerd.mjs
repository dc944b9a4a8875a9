/** Commands by requests: for workerd, which compiles modules before it starts, and whose clock stands still while code runs. */
import bound from './bound.wasm';
import { createRemote, execute } from './remote.mjs';
import scalar from './scalar.wasm';
import simd from './simd.wasm';

const remote = createRemote({ bound, scalar, simd });

export default {
  /** @param {Request} request */
  async fetch(request) {
    return Response.json(await execute(remote, await request.json()));
  },
};
