import { customProvider } from './custom.js';
import { startWebKit } from './webkit-driver.js';

// WebKitGTK keeps shared memory behind a switch.
const switches = { JSC_useSharedArrayBuffer: '1' };

/** WebKitGTK's small browser, with shared memory. */
export const webkit = (driver: string) =>
  customProvider('webkit', () => startWebKit(driver, { ...process.env, ...switches }));
