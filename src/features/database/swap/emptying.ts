import type { Credentials } from '../credentials.ts';
import { identifier, parsedRows } from '../local-server.ts';
import { listing } from './mysql-code.ts';

/** SQL that removes everything that a dump of a database contains, for an account that may not create another database. */
export async function emptying({ driver, database }: Credentials, ask: (query: string) => Promise<string>): Promise<string> {
  if (driver === 'pgsql') return DROP_ALL;
  const id = (name: string) => identifier(name, { driver });
  const dropped = parsedRows(await ask(listing(database))).flatMap(([kind = '', name = '', type = '']) =>
    kind === 'table'
      ? [`DROP TABLE IF EXISTS ${id(name)};`]
      : ['view', 'routine', 'event'].includes(kind)
        ? [`DROP ${type} IF EXISTS ${id(name)};`]
        : [],
  );
  return ['SET FOREIGN_KEY_CHECKS = 0;', ...dropped, 'SET FOREIGN_KEY_CHECKS = 1;', ''].join('\n');
}

/** Begins the transaction that includes the dump. What belongs to extensions stays. What depends on something else may already be gone. */
const DROP_ALL = `BEGIN;
SET LOCAL client_min_messages = warning;
DO $dnx$
DECLARE statement text;
BEGIN
FOR statement IN
SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM pg_namespace n
WHERE nspname NOT IN ('public', 'information_schema') AND nspname NOT LIKE 'pg\\_%' AND pg_has_role(nspowner, 'USAGE')
AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = n.oid AND deptype = 'e')
LOOP EXECUTE statement; END LOOP;
FOR statement IN
SELECT format('DROP %s IF EXISTS public.%I CASCADE', CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, relname) FROM pg_class c
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND NOT relispartition
AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND deptype = 'e')
ORDER BY position(relkind::text IN 'prfmvS')
LOOP EXECUTE statement; END LOOP;
FOR statement IN
SELECT format('DROP %s IF EXISTS %s CASCADE', CASE prokind WHEN 'a' THEN 'AGGREGATE' ELSE 'ROUTINE' END, p.oid::regprocedure) FROM pg_proc p
WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND deptype = 'e')
LOOP EXECUTE statement; END LOOP;
FOR statement IN
SELECT format('DROP TYPE IF EXISTS public.%I CASCADE', typname) FROM pg_type t LEFT JOIN pg_class c ON c.oid = typrelid
WHERE typnamespace = 'public'::regnamespace AND (typtype IN ('e', 'd', 'r') OR relkind = 'c')
AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = t.oid AND deptype = 'e')
LOOP EXECUTE statement; END LOOP;
PERFORM lo_unlink(oid) FROM pg_largeobject_metadata WHERE pg_has_role(lomowner, 'USAGE');
END $dnx$;
`;
