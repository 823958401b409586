/** What the names below would create, if anything interpreted them. */
export const MARK = 'HOSTILE-1';

/** Names that run a command or change one, if any shell, ssh or program interprets them. */
export const hostileNames: readonly string[] = [
  `'; touch ${MARK}; '`,
  `"; touch ${MARK}; "`,
  `\\'; touch ${MARK}; \\'`,
  `; touch ${MARK}`,
  `$(touch ${MARK})`,
  `\`touch ${MARK}\``,
  `(touch ${MARK})`,
  `a\ntouch ${MARK}\n`,
  `a\r\ntouch ${MARK}`,
  `| touch ${MARK}`,
  `> ${MARK}`,
  `-oProxyCommand=touch ${MARK}`,
  '-F/dev/null',
  '%h',
  '~',
  '~root',
  '*',
  '../../etc',
  'ünïcödé🚀.example.com',
  'a\\',
  '\u001b]0;title\u0007',
];
