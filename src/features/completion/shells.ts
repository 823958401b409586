/** The supported shells. */
export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;

/** A supported shell. */
export type Shell = (typeof shells)[number];

/** The script of each shell in `completions/`. */
export const scriptFiles: Readonly<Record<Shell, string>> = { bash: 'dnx.bash', zsh: '_dnx', fish: 'dnx.fish', powershell: 'dnx.ps1' };
