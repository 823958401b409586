import { flagName } from '../../../base/text.ts';
import { needOf } from '../../../platform/abilities.ts';
import { conditionsIn } from '../../language/calls.ts';
import type { AnyCommand } from '../../language/command.ts';
import type { Line } from '../../language/topic.ts';
import { joined, listed, type Page, wrapped } from './page.ts';

const WIDEST_ENDPOINT = 72;
const ASSUMED = 'assumed: not documented in the API reference. To send another field, use -F.';

/** What a command calls, the abilities it needs, and the fields of its request body: `--help --api`. */
export function apiHelp(path: string, command: AnyCommand, page: Page): string {
  const calls = callLines(command);
  const fields = Object.entries(command.fields ?? {}).map(
    ([key, { kind, required, assumed }]): Line => [
      key,
      [kind === 'list' ? 'list' : kind, required && 'required', assumed && 'assumed'].filter(Boolean).join(', '),
    ],
  );
  const assumed = [...calls, ...fields].some(([, text]) => text.includes('assumed'));
  return joined([
    wrapped(`API calls and fields of dnx ${path}`, page.width),
    calls.length === 0 &&
      (typeof command.calls === 'function' ? wrapped('The API request depends on the arguments.', page.width) : 'Declares no API calls.'),
    ...listed([['Calls', calls]], page, WIDEST_ENDPOINT),
    ...listed([['Fields of the request body', fields]], page),
    assumed && wrapped(ASSUMED, page.width),
  ]);
}

/** Each endpoint, the ability it needs, and the option that makes the call. */
export function callLines({ calls }: AnyCommand): Line[] {
  const lines = new Map<string, string>();
  for (const [endpoint, when] of typeof calls === 'function' ? [] : conditionsIn(calls)) {
    const need = needOf(endpoint);
    const texts = [need && `needs ${need.ability}${need.assumed ? ' (assumed)' : ''}`, when && `with ${flagName(when)}`];
    if (when === undefined || !lines.has(endpoint)) lines.set(endpoint, texts.filter(Boolean).join(', '));
  }
  return [...lines];
}

/** The abilities that a command always needs, and whether its options may need more. */
export function needsIn({ calls }: AnyCommand): { readonly always: readonly string[]; readonly more: boolean } {
  const all = typeof calls === 'function' ? [] : conditionsIn(calls);
  const abilities = (conditional: boolean) =>
    all.filter(([, when]) => (when !== undefined) === conditional).flatMap(([endpoint]) => needOf(endpoint)?.ability ?? []);
  const always = [...new Set(abilities(false))];
  return { always, more: abilities(true).some((ability) => !always.includes(ability)) };
}
