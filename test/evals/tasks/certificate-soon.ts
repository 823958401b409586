import { type Row, task } from '../task.ts';

export default task({
  outright: 'Which certificates of sites on web-1 expire within a week? Change nothing.',
  loose: 'will any site on web-1 lose its padlock soon?',
  end: {
    reads: ['shop', 'blog', 'staging'].map((name) => `GET /servers/web-1/sites/${name}.example.com/certificates`),
  },
  async solve(dnx) {
    const sites = await dnx<Row[]>('site list --server web-1 --json --fields domain');
    for (const { domain } of sites) await dnx(`certificate list ${domain} --server web-1 --json --fields domain,status,expires_at`);
  },
});
