import { task } from '../task.ts';

export default task({
  outright: 'The certificate of shop.example.com has expired. Request a new one, and wait until it is active.',
  loose: 'browsers say the shop is not secure',
  trouble: ({ state }) => {
    for (const each of state.certificates.filter(({ domain }) => domain === 'shop.example.com'))
      Object.assign(each, { status: 'expired', expires_at: '2026-04-15T12:00:00Z' });
  },
  end: {
    changes: ['POST /servers/web-1/sites/shop.example.com/certificates'],
    holds: ({ certificates }) => certificates.some(({ domain, status }) => domain === 'shop.example.com' && status === 'active'),
  },
  solve: (dnx) =>
    dnx('certificate create shop.example.com --site shop.example.com', {
      wait: `certificate list shop.example.com --query "[?status=='pending'] | [0]"`,
    }),
});
