import { type Row, task } from '../task.ts';

export default task({
  outright: "Check that the newest completed backup of the database 'shop' is intact.",
  loose: 'could we restore the data of the shop if we had to? check the newest backup, restore nothing',
  end: { changes: ['POST /backups/01JQ8Z4T9G000000000000BK06/verify'] },
  async solve(dnx) {
    const backups = await dnx<Row[]>('backup list --status completed --database shop --server db-1 --json --fields id,created_at');
    await dnx(`backup verify ${backups[0]?.id}`);
  },
});
