import { seeded } from '../seed/ids.ts';
import type { State } from '../state.ts';

/** SQL that makes the database of the shop, for an account with the password of its variables. */
export function shopDatabase({ environment_variables }: State): string {
  const site = seeded.sites['shop.example.com'];
  const password = environment_variables.find(({ site_id, key }) => site_id === site && key === 'DB_PASSWORD')?.value ?? '';
  return `CREATE DATABASE IF NOT EXISTS shop;
CREATE USER IF NOT EXISTS shop@localhost IDENTIFIED BY '${password.replace(/['\\]/g, '\\$&')}';
GRANT ALL ON shop.* TO shop@localhost;
USE shop;
CREATE TABLE customers (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(255) NOT NULL, email VARCHAR(255) NOT NULL UNIQUE);
INSERT INTO customers (name, email) SELECT CONCAT('Customer ', seq), CONCAT('customer', seq, '@example.com') FROM seq_1_to_40;
CREATE TABLE orders (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, customer_id BIGINT UNSIGNED NOT NULL, total DECIMAL(10, 2) NOT NULL, created_at TIMESTAMP NOT NULL, FOREIGN KEY (customer_id) REFERENCES customers (id));
INSERT INTO orders (customer_id, total, created_at) SELECT 1 + seq % 40, 9.9 + seq, NOW() - INTERVAL seq HOUR FROM seq_1_to_1040;
CREATE TABLE sessions (id VARCHAR(255) PRIMARY KEY, user_id BIGINT UNSIGNED, payload LONGTEXT NOT NULL, last_activity INT NOT NULL);
INSERT INTO sessions SELECT MD5(seq), NULL, REPEAT('x', 400), UNIX_TIMESTAMP() - 60 * seq FROM seq_1_to_120;
`;
}
