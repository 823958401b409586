import { task, variablesIn } from '../task.ts';

export default task({
  outright: 'Remove the variable STRIPE_SECRET from shop.example.com.',
  loose: 'we do not use Stripe any more, its secret should not lie around in the shop',
  end: {
    changes: ['DELETE /servers/web-1/sites/shop.example.com/environment-variables/STRIPE_SECRET'],
    holds: (state) => variablesIn(state, 'shop.example.com').STRIPE_SECRET === undefined,
  },
  solve: (dnx) => dnx('env unset shop.example.com STRIPE_SECRET --yes'),
});
