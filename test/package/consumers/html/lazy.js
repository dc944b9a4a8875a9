import * as pyramidPool from 'pyramid-pool';
import { check } from './check.js';

// The default runtime alone, so that the server sees what it loads.
document.querySelector('#result').textContent = JSON.stringify(await check(pyramidPool, []));
