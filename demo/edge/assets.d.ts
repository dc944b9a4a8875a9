/** Files that are bundled: as bytes, and as text. Bundlers give bytes as one or the other. */
declare module '*.bin' {
  const bytes: ArrayBuffer | Uint8Array<ArrayBuffer>;
  export default bytes;
}

declare module '*.html' {
  const text: string;
  export default text;
}
