/** The words of a name that tell of a secret: a field, a variable, a parameter. The source of a pattern, without regard to case. */
export const SECRET_WORDS =
  '(?:pass(?!ed|ag|iv)(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|auth(?!or)|credentials?|signature|dsn)';

const SECRET_NAME = new RegExp(`${SECRET_WORDS}|(?<!public)_key$`, 'i');

/** True for the name of a field or a variable that looks like a secret: `APP_KEY`, `clientSecret`. */
export const isSecretName = (name: string): boolean => SECRET_NAME.test(name);

/** The user and password in a URL. A password may contain anything; a number and a slash after a colon are a port. */
export const USERINFO = /(?<=\/\/)(?:[^\s/?#@:]*:(?!\d+(?:\/|$))\S*|[^\s/?#]*)@/g;

/** True for a URL with a user or a password. */
export const hasCredentials = (value: string): boolean => value.search(USERINFO) >= 0;
