import { type Row, task } from '../task.ts';

export default task({
  outright: 'Open port 6379 of db-1 for the IP address of web-2 alone.',
  loose: 'the apps on web-2 cannot reach the Redis on db-1 (6379). let them, but nobody else',
  end: {
    changes: ['POST /servers/db-1/network-rules'],
    holds: ({ network_rules }) =>
      network_rules.some(({ port, source, action }) => port === 6379 && source === '203.0.113.11' && action === 'allow'),
  },
  async solve(dnx) {
    const { ip_address } = await dnx<Row>('server show web-2 --json --fields ip_address');
    await dnx(`network-rule create 6379 --name Redis --source ${ip_address} --server db-1`);
  },
});
