import { type Row, releasesIn, task, variablesIn } from '../task.ts';

export default task({
  outright:
    'The last deployment of shop.example.com failed. Find out which variable is missing, set it to the content of stripe.txt, and deploy.',
  loose: 'The shop cannot be deployed any more. Fix it. What Stripe gave us is in stripe.txt.',
  failDeploys: 'variable',
  servers: true,
  files: { 'stripe.txt': 'whsec_7Qm2' },
  before: ['deploy shop.example.com'],
  end: {
    changes: ['POST /servers/web-1/sites/shop.example.com/environment-variables', 'POST /servers/web-1/sites/shop.example.com/deploy'],
    holds: (state) =>
      variablesIn(state, 'shop.example.com').STRIPE_WEBHOOK_SECRET === 'whsec_7Qm2' &&
      releasesIn(state, 'shop.example.com')[0]?.active === true,
  },
  async solve(dnx) {
    const { cause, title } = await dnx<Row>('why shop.example.com --json');
    if (cause !== 'env_missing') throw new Error(cause);
    const [key] = /[A-Z_]{5,}/.exec(title) ?? [];
    await dnx(`env set shop.example.com ${key} --from-file stripe.txt`);
    await dnx('deploy shop.example.com', { wait: 'watch shop.example.com' });
  },
});
