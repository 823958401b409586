import { type Row, task } from '../task.ts';

export default task({
  outright: 'Deploy staging.example.com on web-2. There is another one on web-1, which must not be deployed.',
  loose: 'deploy the staging of the API',
  end: { changes: ['POST /servers/web-2/sites/staging.example.com/deploy'] },
  async solve(dnx) {
    const sites = await dnx<Row[]>('site list --json --fields id,domain,server_id,php_version');
    const api = sites.find(({ domain }) => domain === 'api.example.com');
    const staging = sites.find(({ domain, server_id }) => domain === 'staging.example.com' && server_id === api?.server_id);
    const place = `${staging?.id} --server ${staging?.server_id}`;
    await dnx(`deploy ${place}`, { wait: `watch ${place}` });
  },
});
