/** A view on the page. It stays in the page, hidden, while another one is shown. */
export interface View {
  /** Called each time the view is shown, with the query of its address. */
  shown?(query: URLSearchParams): void;
  hidden?(): void;
}

/** What the module of a view has to export. */
export interface ViewModule {
  readonly title: string;
  /** Fills an empty element. */
  mount(root: HTMLElement): View | Promise<View>;
}
