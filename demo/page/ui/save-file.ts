/** Hands a file to the visitor as a download. */
export function saveFile(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  // The browser has read the URL when the next task runs.
  setTimeout(() => URL.revokeObjectURL(url));
}
