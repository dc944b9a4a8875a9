import type { View } from '../shell/view.js';
export const title = 'measure';
export function mount(root: HTMLElement): View {
  root.textContent = 'measure';
  return {};
}
