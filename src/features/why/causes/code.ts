import { artisanFix, deployFix, sshServer, step } from '../fixes.ts';
import { type Cause, matchedGroup, shown } from './cause.ts';

const fixed = [step('Fix it and push'), deployFix()];

/** Errors of PHP and of the application. */
export const code: readonly Cause[] = [
  shown(
    'php_syntax',
    'PHP cannot parse a file',
    88,
    [/(?:PHP )?Parse error:\s+\S/, /ParseError(?:\(code: 0\))?: syntax error/, /^\s*(?:ParseError|syntax error, unexpected .*)$/],
    fixed,
  ),
  shown(
    'php_extension',
    (found) => `PHP lacks an extension: ${matchedGroup(found, '')} is not defined`,
    80,
    [
      /Call to undefined function (?:[\w\\]+\\)?((?:image|mb_|curl_|bc|intl|simplexml_|gmp_|ctype_|openssl_|sodium_|ldap_|imap_|pcntl_|posix_)\w+)\(\)/,
      /Class "(Imagick|ZipArchive|SoapClient|Redis|NumberFormatter|IntlDateFormatter|DOMDocument|XMLWriter|Memcached)" not found/,
    ],
    [sshServer('See what is installed', 'php', '-m'), step('Install the extension on the server')],
  ),
  shown(
    'class_missing',
    (found) => `The class ${matchedGroup(found, '')} does not exist`,
    75,
    [
      /Class "([\w\\]+)" not found/,
      /Target class \[([\w\\]+)\] does not exist/,
      /Trait "([\w\\]+)" not found/,
      /Interface "([\w\\]+)" not found/,
    ],
    [step('Check upper and lower case in its file name, and that its package is not in require-dev'), deployFix()],
  ),
  shown(
    'php_undefined',
    (found) => `The code calls ${matchedGroup(found, '')}, which does not exist`,
    72,
    [/Call to undefined (?:method|function) ([\w\\:]+)\(\)/, /Undefined constant "([^"]+)"/],
    fixed,
  ),
  shown(
    'route_missing',
    (found) => `The route ${matchedGroup(found, '')} is not defined`,
    76,
    [/Route \[([^\]]+)\] not defined/],
    [artisanFix('Clear the cached routes', 'route:clear'), ...fixed],
  ),
  shown(
    'view_missing',
    (found) => `The view ${matchedGroup(found, '')} does not exist`,
    76,
    [/View \[([^\]]+)\] not found/],
    [artisanFix('Clear the cached views', 'view:clear'), ...fixed],
  ),
  shown(
    'artisan_command',
    (found) => `The Artisan command ${matchedGroup(found, '')} does not exist`,
    87,
    [/Command "([\w:-]+)" is not defined/, /There are no commands defined in the "([\w:-]+)" namespace/],
    [artisanFix('See the commands', 'list'), step('Remove it from the deploy script, or install its package without --dev'), deployFix()],
  ),
  shown(
    'command_option',
    (found) => `A command of the deploy script has no option ${matchedGroup(found, '')}`,
    87,
    [/^\s*The "(--?[\w-]+)" option does not exist\.?$/],
    [step('Remove it from the deploy script, or update the package whose command it is'), deployFix()],
    { sources: ['deploy', 'given'] },
  ),
  shown(
    'route_name',
    (found) => `Two routes have the name ${matchedGroup(found, '')}`,
    88,
    [/Unable to prepare route \[[^\]]*\] for serialization\. Another route has already been assigned name \[([^\]]+)\]/],
    [step('Give one of them another name, and push'), deployFix()],
  ),
  shown(
    'config_closure',
    'The configuration contains a closure or an object, and cannot be cached',
    88,
    [/Your configuration files (?:are not serializable|could not be serialized)/],
    [step('Replace it in config/ by the name of a class or function, and push'), deployFix()],
  ),
  shown(
    'php_fatal',
    'PHP stopped with a fatal error',
    60,
    [/(?:PHP )?Fatal error:\s+(?!Uncaught|Allowed memory|Maximum execution|Out of memory)\S.* in \S+ on line \d+/],
    fixed,
  ),
  shown(
    'time_limit',
    'PHP reached its time limit',
    78,
    [/Maximum execution time of \d+ seconds? exceeded/],
    [step('Move the work to a queue, or raise max_execution_time')],
  ),
];
