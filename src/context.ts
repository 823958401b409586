import type { Api } from './api/client.ts';
import type { Tokens } from './auth/tokens.ts';
import type { Ci } from './ci.ts';
import type { Progress } from './output/progress.ts';
import type { Ask } from './prompt/ask.ts';
import type { Targets } from './scope/resolve.ts';
import type { Settings } from './settings/settings.ts';
import type { Clock, World } from './world.ts';

/** A thing on which a command acts: its id, and the words by which the user knows it. */
export interface Target {
  readonly id: string;
  readonly label: string;
}

/** What a command is given. It takes what it uses: `Pick<Context, 'clock' | 'signal'>`. */
export interface Context {
  readonly api: Api;
  readonly ask: Ask;
  readonly progress: Progress;
  readonly ci: Ci;
  readonly settings: Settings;
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What the path parameters were resolved to, by name: `targets.site.label`. */
  readonly targets: Targets;
  /** All of them, for a command that takes several together. */
  readonly all: readonly Targets[];
  /** The same for an endpoint that is known only once the options are read. `given`: ids or names, by parameter. */
  readonly resolve: (endpoint: string, given: Readonly<Record<string, string | undefined>>) => Promise<Targets>;
  /** Standard input to its end, for `-` and `--with-token`. */
  readonly stdin: () => Promise<string>;
  readonly world: World;
}
