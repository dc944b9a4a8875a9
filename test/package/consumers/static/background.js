/** The background of an extension: a service worker, which the test asks for `result`. */
import { checkStatic } from './check-static.js';

globalThis.result = checkStatic();
