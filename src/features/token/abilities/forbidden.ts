import { type DnxError, isError } from '../../../base/errors.ts';
import type { Invocation } from '../../../cli/run/invocation.ts';
import type { Settings } from '../../../machine/settings/settings.ts';
import { abilitiesFor, askedBy } from './arithmetic.ts';

/** A 403 for want of an ability, with the line that makes a token which can do all of this command; any other failure as it is. */
export function withTokenLine(error: unknown, invocation: Invocation, { server, site }: Pick<Settings, 'server' | 'site'>): unknown {
  if (!isError(error, 'forbidden') || error.lacks === undefined) return error;
  const { asked } = askedBy(invocation, { server, site });
  const needs = new Set([...abilitiesFor(asked).map(({ ability }) => ability), error.lacks]);
  return addLine(error, [...needs]);
}

const addLine = (error: DnxError, needs: readonly string[]): DnxError =>
  error.withHint(undefined, {
    command: ['token', 'create', 'NAME', ...needs.flatMap((ability) => ['--ability', ability])],
    why: 'Make a token that can do this',
  });
