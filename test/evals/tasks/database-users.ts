import { task } from '../task.ts';

export default task({
  outright: "Which users has the database 'shop' on db-1? Change nothing.",
  loose: 'who can read the data of the shop?',
  end: { reads: ['GET /servers/db-1/databases/shop/users'] },
  solve: (dnx) => dnx('database-user list --database shop --server db-1 --json'),
});
