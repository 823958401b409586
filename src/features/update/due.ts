import type { Invocation } from '../../cli/run/invocation.ts';
import { isCi } from '../../machine/ci.ts';
import { truthy } from '../../machine/env.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import type { World } from '../../machine/world.ts';

type Line = { readonly command: Pick<Invocation['command'], 'name' | 'options'>; readonly group: Pick<Invocation['group'], 'name'> };

/**
 * True if the user may be told of a new release: on a terminal, and not in CI or for a program that reads what dnx prints.
 * Not after a program that dnx runs either, whose output the notice would look like.
 */
export const mayTell = (
  { command, group }: Line,
  { quiet, format }: Pick<Settings, 'quiet' | 'format'>,
  { stdout, stderr, env }: Pick<World, 'stdout' | 'stderr' | 'env'>,
): boolean =>
  Boolean(stdout.isTTY && stderr.isTTY) &&
  !quiet &&
  format !== 'json' &&
  format !== 'ndjson' &&
  !isCi(env) &&
  !truthy(env.DNX_NO_UPDATE_NOTIFIER) &&
  group.name !== 'completion' &&
  command.name !== 'upgrade' &&
  !Object.values(command.options ?? {}).some(({ rest }) => rest);
