import { type Row, releasesIn, siteIn, task } from '../task.ts';

export default task({
  outright: 'The last deployment of shop.example.com failed because of its PHP version. Find out which one it needs, set it, and deploy.',
  loose: 'deploys of the shop are broken since yesterday, get the new version out',
  failDeploys: 'composer',
  servers: true,
  before: ['deploy shop.example.com'],
  end: {
    changes: ['PUT /servers/web-1/sites/shop.example.com', 'POST /servers/web-1/sites/shop.example.com/deploy'],
    holds: (state) => siteIn(state, 'shop.example.com').php_version === '8.4' && releasesIn(state, 'shop.example.com')[0]?.active === true,
  },
  async solve(dnx) {
    const { cause } = await dnx<Row>('why shop.example.com --json');
    if (cause !== 'composer_platform') throw new Error(cause);
    await dnx('site update shop.example.com --php-version 8.4');
    await dnx('deploy shop.example.com', { wait: 'watch shop.example.com' });
  },
});
