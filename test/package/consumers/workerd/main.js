import * as pyramidPool from 'pyramid-pool';
import { check } from './check.js';

export default {
  fetch: async () => Response.json(await check(pyramidPool)),
};
