/** The home view: what this is, how to start, and links to everything else. */
import { announce, element, makeReachable } from '../ui/dom.js';
import { fillRepositoryLinks } from '../ui/repository.js';
import type { View } from '../ui/view.js';
import example from './example.mjs?raw';
import html from './view.html?raw';
import './home.css';

export const title = 'Spatial pyramid pooling';

export function mount(root: HTMLElement): View {
  root.innerHTML = html;
  fillRepositoryLinks(root);
  const code = element(root, '#code code');
  code.append(...coloured(example.trim()));
  makeReachable(element(root, '#code'), 'The example');
  const said = element(root, '#copied');
  copyWith(element(root, '#copy-code'), () => example, said);
  copyWith(element(root, '#copy-install'), () => element(root, '#install-text').textContent ?? '', said);
  return {};
}

/** The lines of the example, with comments in a lighter colour. */
function coloured(code: string): Node[] {
  return code.split(/(\/\/.*)/).map((part) => {
    const span = document.createElement('span');
    if (part.startsWith('//')) span.className = 'comment';
    span.textContent = part;
    return span;
  });
}

/** Some browsers deny pages access to the clipboard. */
function copyWith(button: HTMLElement, text: () => string, said: HTMLElement): void {
  button.addEventListener('click', async () => {
    const done = await navigator.clipboard.writeText(text()).then(
      () => true,
      () => false,
    );
    button.textContent = done ? 'Copied' : 'Not copied';
    announce(said, done ? 'Copied.' : 'Your browser did not allow it.');
    setTimeout(() => {
      button.textContent = 'Copy';
      announce(said, '');
    }, 2000);
  });
}
