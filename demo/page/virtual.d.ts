/** The address of the packed digits; made by `digits-file.ts`. */
declare module 'virtual:digits-file' {
  const url: string;
  export default url;
}
