import page from '../../../docs/environment.md';

/** An environment variable that dnx reads, or sets for a program that it starts. */
export interface Variable {
  readonly name: string;
  readonly help: string;
  /** The option that sets the same: `--env`. */
  readonly option: string | undefined;
  readonly fallback: string | undefined;
}

/** Every environment variable, as docs/environment.md lists them. `isSystem`: rarely set by hand, so the help lists only the names. */
export const variableGroups = page
  .replaceAll('`', '')
  .split('\n## ')
  .flatMap((section) => {
    const [title = ''] = section.split('\n', 1);
    const variables = [...section.matchAll(/^\| ([A-Z]\w*) \| (.*?) \| (.*?) \| (.*?) \|/gm)].map(
      ([, name = '', help = '', option, fallback]): Variable => ({
        name,
        help,
        option: option || undefined,
        fallback: fallback || undefined,
      }),
    );
    return variables.length > 0 ? [{ title, isSystem: title === 'System', variables }] : [];
  });
