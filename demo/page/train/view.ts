import type { View } from '../shell/view.js';
export const title = 'train';
export function mount(root: HTMLElement): View {
  root.textContent = 'train';
  return {};
}
