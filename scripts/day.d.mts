/** A line to type in the sandbox. */
export interface Step {
  readonly say?: string;
  readonly type: string;
  readonly answers?: readonly (readonly [question: RegExp, keys: string])[];
  readonly shows: readonly string[];
  /** In the picture. */
  readonly shown?: boolean;
  readonly demo?: boolean;
}

export const COLUMNS: number;
export const ROWS: number;
export const day: readonly Step[];
/** The demo without Git. */
export const withoutGit: readonly Step[];

/** Performs steps in a new sandbox, and resolves with its exit code. Rejects if a step does not show what it must. */
export function live(
  steps: readonly Step[],
  options: {
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly cwd: string;
    /** How long each key takes, in ms. */
    readonly typing?: number;
    /** Begins each step on an empty screen. */
    readonly clear?: boolean;
    readonly onOutput?: (data: string) => void;
    readonly onStep?: (step: Step) => void;
    readonly onDone?: (step: Step, output: string, raw: string) => void;
  },
): Promise<number>;
