import type { View } from '../shell/view.js';
export const title = 'windows';
export function mount(root: HTMLElement): View {
  root.textContent = 'windows';
  return {};
}
