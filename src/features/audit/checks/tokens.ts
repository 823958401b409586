import type { JsonObject } from '../../../base/json.ts';
import { wordOf } from '../../../base/text.ts';
import { idIn } from '../../../platform/names/names.ts';
import { hasEverything } from '../../token/audit.ts';
import type { Fault } from '../finding.ts';

/** Tokens with every ability, each identified by its id. */
export const powerfulTokens = (tokens: readonly JsonObject[]): readonly Fault[] =>
  tokens
    .filter(({ abilities }) => hasEverything(abilities))
    .map((token): Fault => {
      const id = idIn(token.id);
      const name = wordOf(token.name);
      return {
        rule: 'token-all-abilities',
        place: {},
        resource: name || (id ?? null),
        identity: id ?? name,
        message: `Token ${name === '' ? '' : `'${name}' `}(#${id ?? '?'}) has every ability`,
        fix: id === undefined ? ['token', 'list', '--audit'] : ['token', 'revoke', id],
      };
    });
