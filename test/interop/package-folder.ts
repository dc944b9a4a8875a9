// In two steps: Vite takes `new URL(…, import.meta.url)` for a file to be served by another name.
const here = import.meta.url;

/** A folder of an installed package, with a slash at its end: a path in Node, an address in a browser. */
export function packageFolder(folder: string): string {
  const { protocol, pathname, href } = new URL(`../../node_modules/${folder}/`, here);
  return protocol === 'file:' ? pathname : href;
}
