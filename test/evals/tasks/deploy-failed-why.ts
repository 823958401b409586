import { type Row, task } from '../task.ts';

export default task({
  outright: 'Find out why the last deployment of shop.example.com failed. Change nothing.',
  loose: 'what broke the deploy of the shop? just look, hands off',
  failDeploys: 'migration',
  servers: true,
  before: ['deploy shop.example.com'],
  end: { reads: ['GET /servers/web-1/sites/shop.example.com', 'GET /servers/web-1/sites/shop.example.com/releases'] },
  async solve(dnx) {
    const { cause } = await dnx<Row>('why shop.example.com --json');
    if (cause !== 'migration_table_exists') throw new Error(cause);
  },
});
