import { task } from '../task.ts';

export default task({
  outright: "Create the database 'reports' on db-1, and its user 'reporter' with the password in password.txt.",
  loose: 'the report tool needs a database of its own next to that of the shop: reports, user reporter, password is in password.txt',
  files: { 'password.txt': 'correct-horse-7' },
  end: {
    changes: ['POST /servers/db-1/databases', 'POST /servers/db-1/databases/reports/users'],
    holds: ({ database_users }) => database_users.some(({ username }) => username === 'reporter'),
  },
  async solve(dnx) {
    await dnx('database create reports --server db-1');
    await dnx('database-user create reporter --password @password.txt --database reports --server db-1');
  },
});
