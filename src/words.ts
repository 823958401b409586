/** `ssh_key` -> `SSH key`: a noun of the API as a person reads it. */
export const title = (noun: string): string => noun.replaceAll('_', ' ').replace(/\bssh\b/, 'SSH');

/** The plural of a noun, for sentences and for the aliases of groups. */
export const plural = (noun: string): string =>
  /(repositor|[^aeiou])y$/.test(noun) ? noun.replace(/y$/, 'ies') : /(s|x|ch)$/.test(noun) ? `${noun}es` : `${noun}s`;

/** `php_version` -> `--php-version`: the JSON field name is the only name. */
export const flagName = (key: string): string => `--${key.replaceAll('_', '-')}`;
