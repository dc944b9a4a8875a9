import * as pyramidPool from 'pyramid-pool/static';
import { check } from './check.js';

console.log(JSON.stringify(await check(pyramidPool)));
