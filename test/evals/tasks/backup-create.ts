import { task } from '../task.ts';

export default task({
  outright: "Back up the database 'shop' on db-1, and wait until the backup is complete.",
  loose: 'we migrate the shop in ten minutes. make sure that its data is safe',
  end: {
    changes: ['POST /servers/db-1/databases/shop/backups'],
    holds: ({ backups }) => backups.at(-1)?.status === 'completed',
  },
  async solve(dnx) {
    await dnx('backup create --database shop --server db-1', { wait: 'backup list --database shop --server db-1 --limit 1' });
  },
});
