import { artisanFix, deployFix, type FixOf, step } from '../fixes.ts';
import { type Cause, type FoundCause, matchedGroup, shown } from './cause.ts';

const status = artisanFix('See which migrations ran', 'migrate:status');
const rewrite = (what: string): readonly FixOf[] => [step(what), status, deployFix('Then deploy again')];

/** What a failed release lacks, `migrate` in the live one does not create. */
const pending = ({ line }: FoundCause): readonly FixOf[] =>
  line.source === 'laravel'
    ? [status, artisanFix('Run the migrations', 'migrate', '--force')]
    : [status, step('Run php artisan migrate --force before the command that needs it'), deployFix('Then deploy again')];

/** Failures of `php artisan migrate`, with MySQL, MariaDB, PostgreSQL and SQLite. */
export const migrations: readonly Cause[] = [
  shown(
    'migration_table_exists',
    (found) => `A migration creates the table ${matchedGroup(found, '')}, which exists`,
    90,
    [
      /SQLSTATE\[42S01\].*Table '([^']+)' already exists/,
      /SQLSTATE\[42P07\].*relation "([^"]+)" already exists/,
      /SQLSTATE\[HY000\]: General error: 1 table "?([^\s"]+)"? already exists/,
    ],
    rewrite('A migration ran only partly, or someone created the table: mark it as run, or drop the table'),
  ),
  shown(
    'migration_column_exists',
    (found) => `A migration adds the column ${matchedGroup(found, '')}, which exists`,
    90,
    [
      /SQLSTATE\[42S21\].*Duplicate column name '([^']+)'/,
      /SQLSTATE\[42701\].*column "([^"]+)" of relation/,
      /General error: 1 duplicate column name: (\S+)/,
    ],
    rewrite('A migration ran only partly: let it check with Schema::hasColumn'),
  ),
  shown(
    'migration_foreign_key',
    'A migration adds a foreign key that the database refuses',
    90,
    [
      /SQLSTATE\[HY000\]: General error: (?:1215 Cannot add foreign key constraint|3780 Referencing column|1005 Can't create table .*errno: 150)/,
      /SQLSTATE\[23000\].*1452 Cannot add or update a child row(?!.*SQL: insert)/,
      /SQLSTATE\[(?:23503|42830)\](?!.*SQL: insert)/,
    ],
    rewrite('Give both columns the same type, and create the referenced table first'),
  ),
  shown(
    'migration_data',
    'The data does not fit what a migration changes',
    88,
    // An insert is more likely a seeder's.
    [
      /SQLSTATE\[(?:01000|22001|22003|22004|22007)\].*(?:1265 Data truncated|1406 Data too long|1264 Out of range|1138 Invalid use of NULL|1292 Incorrect)/,
      /SQLSTATE\[23000\].*1062 Duplicate entry(?!.*SQL: insert)/,
      /SQLSTATE\[(?:23502|23505|23514)\](?!.*SQL: insert)/,
    ],
    rewrite('Change the data in the migration before it changes the column'),
    { sources: ['deploy', 'given'] },
  ),
  shown(
    'migration_key_length',
    'A migration adds an index that is too long',
    90,
    [/SQLSTATE\[42000\].*1071 Specified key was too long/],
    rewrite('Shorten the column or the index'),
  ),
  shown(
    'migration_primary_key',
    'A migration creates a table without a primary key, which the database requires',
    90,
    [/General error: 3750 Unable to create or change a table without a primary key/],
    rewrite('Add a primary key to the table'),
  ),
  shown(
    'migration_lock',
    'A migration waited for a lock of another query',
    88,
    [/SQLSTATE\[(?:HY000|40001)\].*(?:1205 Lock wait timeout exceeded|1213 Deadlock found)/, /SQLSTATE\[(?:55P03|40P01)\]/],
    [deployFix('Try again')],
    { sources: ['deploy', 'given'] },
  ),
  shown(
    'migration_missing_table',
    (found) => `A query needs the table ${matchedGroup(found, '')}, which does not exist`,
    84,
    [
      /SQLSTATE\[42S02\].*Table '([^']+)' doesn't exist/,
      /SQLSTATE\[42P01\].*relation "([^"]+)" does not exist/,
      /General error: 1 no such table: (\S+)/,
    ],
    pending,
  ),
  shown(
    'migration_missing_column',
    (found) => `A query needs the column ${matchedGroup(found, '')}, which does not exist`,
    84,
    [
      /SQLSTATE\[42S22\].*Unknown column '([^']+)'/,
      /SQLSTATE\[42703\].*column "?([^"\s]+)"? (?:of relation \S+ )?does not exist/,
      /General error: 1 no such column: (\S+)/,
    ],
    pending,
  ),
  shown(
    'migration_confirmation',
    'The migrations asked for a confirmation',
    86,
    [/Are you sure you want to run this command\?/, /^\s*(?:WARN\s+)?(?:Command cancell?ed)\.?$/],
    [step('Use php artisan migrate --force in the deploy script'), deployFix()],
    { sources: ['deploy', 'given'] },
  ),
  shown(
    'migration_failed',
    (found) => `The migration ${matchedGroup(found, '')} failed`,
    50,
    [/^\s*(\d{4}_\d\d_\d\d_\d{6}_\w+) \.{2,} .*\bFAIL$/],
    [step('Fix the migration'), status, deployFix('Then deploy again')],
    { sources: ['deploy', 'given'], detail: /^\s*SQLSTATE\[/ },
  ),
];
