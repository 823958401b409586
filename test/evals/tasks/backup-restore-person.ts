import { task } from '../task.ts';

export default task({
  outright: "Show what restoring the newest backup of the database 'shop' would overwrite. Restore nothing: a person does that.",
  loose: 'somebody dropped the orders of the shop. Get the restore ready, I press the button',
  end: { reads: ['GET /backups'] },
  async solve(dnx) {
    await dnx('backup list --status completed --database shop --server db-1 --json --limit 1');
    await dnx('backup restore --latest --database shop --server db-1 --dry-run');
  },
});
