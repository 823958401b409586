import { expect } from 'vitest';
import { copyingSuite } from '../support/database-copies.ts';
import { addDatabaseSite, variablesFor } from '../support/database-site.ts';
import type { Driver } from '../support/databases.ts';

const { copying, it } = copyingSuite('exact copies', 'exact');

const TIME = 90_000;

/** Pulls a new database with these contents, and compares the copy with it. */
async function pullsExactly(driver: Driver, name: string, contents: string): Promise<void> {
  const { servers } = copying;
  servers[driver].sql(`CREATE DATABASE ${name}`);
  servers[driver].sql(contents, name);
  const site = addDatabaseSite(copying, `${name}.example.com`, variablesFor(servers[driver], driver, name));
  await expect(copying.pull(site, driver, `${name}_copy`)).toExit(0);
  expect(copying.content(driver, `${name}_copy`)).toBe(copying.content(driver, name));
}

it('copies rows that read like a setting or a command of psql', { timeout: TIME }, async () => {
  const rows = ['SET transaction_timeout = 0;', 'SELECT 1;', '--', '', String.raw`\restrict me`, String.raw`\unrestrict me`];
  await pullsExactly('pgsql', 'settings', `CREATE TABLE a (b TEXT); INSERT INTO a VALUES ${rows.map((row) => `('${row}')`).join(', ')}`);
});

it('copies bodies and literals that read like the account or the database of a dump', { timeout: TIME }, async () => {
  // `a b` is no account that the comparison leaves out.
  const account = 'DEFINER=`a b`@`c`';
  const lines = [
    `CREATE ${account} VIEW x`,
    `/*!50013 ${account} SQL SECURITY DEFINER */`,
    '/*!50001 VIEW `literals`.`x`(',
    '-- it ends here;;',
    'DELIMITER ;',
    '/*M!999999\\\\- enable the sandbox mode */',
  ].join('\n');
  await pullsExactly(
    'mariadb',
    'literals',
    `CREATE TABLE a (b TEXT, literals INT); INSERT INTO a VALUES ('${lines}', 1);
CREATE FUNCTION f(x INT) RETURNS INT DETERMINISTIC RETURN x;
CREATE VIEW v AS SELECT f(1) AS one, '\`literals\`.\`f\`(' AS two, '\`literals_copy_dnx_new\`.\`f\`(' AS three, '${account}' AS four;
CREATE TABLE literals (id INT); CREATE VIEW w AS SELECT literals.id, a.b FROM literals JOIN a ON a.literals = literals.id;
DELIMITER //
CREATE PROCEDURE p() BEGIN
-- it's a comment; with ${account}
/* and
CREATE ${account} another;; */
SELECT 'it''s \\' one
${lines}
', "
${lines}
" AS \`
DELIMITER ;
\`;
CREATE ${account} VIEW u AS SELECT 1;
END//
CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET NEW.b = '
${lines}';
END//
CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2040-01-01 00:00:00' DO BEGIN SELECT '
${lines}'; END//
DELIMITER ;`,
  );
});
