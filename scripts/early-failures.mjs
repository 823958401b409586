const REAL = 'const subprocess = new ChildProcess();';

/** A rolldown plugin: execa sets the streams of a child that did not start, which Bun does not allow for a real one. Nobody uses that child. */
export const earlyFailures = () => ({
  name: 'early-failures',
  transform: {
    filter: { id: /[\\/]execa[\\/]lib[\\/]return[\\/]early-error\.js$/ },
    handler: (code) => ({ code: code.replace(REAL, 'const subprocess = {};'.padEnd(REAL.length)), map: null }),
  },
});
