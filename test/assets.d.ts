declare module '*?inline' {
  const url: string;
  export default url;
}
