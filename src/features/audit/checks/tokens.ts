import type { JsonObject } from '../../../base/json.ts';
import { wordOf } from '../../../base/text.ts';
import { idIn } from '../../../platform/names/names.ts';
import { hasEverything } from '../../token/token.ts';
import type { Risk } from '../finding.ts';

/** Tokens with every ability, each identified by its id. */
export const powerfulTokens = (tokens: readonly JsonObject[]): readonly Risk[] =>
  tokens
    .filter(({ abilities }) => hasEverything(abilities))
    .map((token): Risk => {
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
