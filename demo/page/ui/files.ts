/** Files that are dropped on the page or pasted into it. */

const holdsFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes('Files') ?? false;

/** Takes the first file of what is dropped on `place`, which has the class `dropping` while one is over it. */
export function acceptDrops(place: HTMLElement, onFile: (file: File) => void): void {
  place.addEventListener('dragover', (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    place.classList.add('dropping');
  });
  place.addEventListener('dragleave', () => place.classList.remove('dropping'));
  place.addEventListener('drop', (event) => {
    place.classList.remove('dropping');
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    onFile(file);
  });
}

/** Ignores files that are dropped elsewhere: the browser would open them in place of the page. */
export function ignoreStrayDrops(): void {
  for (const name of ['dragover', 'drop'] as const) {
    addEventListener(name, (event) => {
      if (event.defaultPrevented || !holdsFiles(event)) return;
      event.preventDefault();
      if (event.dataTransfer) event.dataTransfer.dropEffect = 'none';
    });
  }
}

/** Takes the first file of what is pasted while `root` is on the screen. */
export function acceptPastes(root: HTMLElement, onFile: (file: File) => void): void {
  addEventListener('paste', (event) => {
    const file = event.clipboardData?.files[0];
    if (!file || root.hidden) return;
    event.preventDefault();
    onFile(file);
  });
}
