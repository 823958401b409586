import { type Row, task } from '../task.ts';

export default task({
  outright:
    "Create the server 'cache-1' at Hetzner in Falkenstein, of type cache, of the cheapest size with 8 GB. Wait until it is active.",
  loose: 'We need another Redis box with 8 gigs in Falkenstein, as cheap as it gets. Call it cache-1.',
  end: {
    reads: ['GET /providers/Hetzner/sizes'],
    changes: ['POST /servers'],
    holds: ({ servers }) =>
      servers.some(
        ({ name, size, region, type, status }) => [name, size, region, type, status].join() === 'cache-1,cx32,fsn1,cache,active',
      ),
  },
  async solve(dnx) {
    const regions = await dnx<Row[]>('provider regions hetzner --json');
    const sizes = await dnx<Row[]>('provider sizes hetzner --json');
    const region = regions.find(({ name }) => name === 'Falkenstein');
    const [size] = sizes.filter(({ memory }) => memory >= 8192).sort((one, other) => one.price_monthly - other.price_monthly);
    await dnx(`server create cache-1 --provider hetzner --region ${region?.id} --size ${size?.id} --type cache`, {
      wait: 'server show cache-1',
    });
  },
});
