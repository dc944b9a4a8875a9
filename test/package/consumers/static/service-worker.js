import { checkStatic } from './check-static.js';

addEventListener('message', (event) => {
  event.waitUntil(checkStatic().then((result) => event.ports[0].postMessage(result)));
});
