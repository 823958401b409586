/** A section of the README's table of the documentation. */
export interface Section {
  readonly title: string;
  readonly entries: readonly { readonly file: string; readonly about: string }[];
}

export function contents(): readonly Section[];

/** Writes the site into a folder, in place of what is there, and returns the files of its pages. */
export function build(folder: string): readonly string[];

/** What is wrong with the links of the site in a folder. */
export function problems(folder: string): readonly string[];
