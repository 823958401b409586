'use strict';

// Loaded before the executable with --require, so that every run prints the same documentation on every machine. The clock starts at
// the time in the file DNX_STAGE_CLOCK and advances only while dnx waits, and with the `sleep` of the stage. https://deploynix.io is the
// sandbox, every other https host is a healthy website, or one of the sandbox in its shell, the keychain is a file, and the system is that of DNX_STAGE_PLATFORM.
const fs = require('node:fs');
const childProcess = require('node:child_process');
const http = require('node:http');
const https = require('node:https');
const Module = require('node:module');

const {
  DNX_STAGE_CLOCK: clockFile,
  DNX_STAGE_KEYCHAIN: keychainFile,
  DNX_STAGE_API: api,
  DNX_STAGE_SITES: sites,
  DNX_STAGE_PLATFORM: platform,
  DNX_SANDBOX: sandbox,
  HTTPS_PROXY: websites,
} = process.env;
const QUIET_MS = 5;
const realTimeout = globalThis.setTimeout;

/** Epoch ms, shared by every process of the stage. */
const now = () => Number(fs.readFileSync(clockFile, 'utf8'));
Date.now = () => Math.floor(now());
process.hrtime.bigint = () => BigInt(Math.round(now() * 1e6));

/** Only timers that keep the process alive advance the clock; a request timeout does not. */
const timers = new Set();
let requests = 0;

globalThis.setTimeout = (work, ms = 0, ...args) => {
  // A slow machine does not advance the clock: while dnx waits for something else, it is not later yet.
  const timer = realTimeout(() => (timer.hasRef() && !idle() ? timer.refresh() : run()), ms);
  const entry = { timer, due: now() + ms, run };
  timers.add(entry);
  function run() {
    timers.delete(entry);
    if (timer.hasRef() && entry.due > now()) fs.writeFileSync(clockFile, String(entry.due));
    work(...args);
  }
  realTimeout(advance, QUIET_MS).unref();
  return timer;
};

/** Whether the process waits only for timers, not for a request, a file or a child. */
const idle = () => requests === 0 && !process.getActiveResourcesInfo().some((name) => /^(FSReq|Process)/.test(name));

/** Advances the clock to the next timer once the process is idle. */
function advance() {
  for (const entry of timers) if (entry.timer._destroyed) timers.delete(entry);
  const [first] = [...timers].filter(({ timer }) => timer.hasRef()).sort((one, other) => one.due - other.due);
  if (!first) return;
  if (!idle()) return void realTimeout(advance, QUIET_MS).unref();
  first.run();
  clearTimeout(first.timer);
  realTimeout(advance, QUIET_MS).unref();
}

// Bun, in an executable, has no list of what it waits for.
const { spawn } = childProcess;
childProcess.spawn = (...args) => {
  requests += 1;
  const done = () => (requests -= 1);
  return spawn(...args).once('close', done);
};
const { request } = http;
const counted = (...args) => {
  requests += 1;
  return request(...args)
    .on('response', (response) => {
      response.headers.date = new Date(now()).toUTCString();
    })
    .on('close', () => {
      requests -= 1;
    });
};
http.request = counted;
Math.random = () => 0.5;
const originOf = (hostname) => (hostname === 'deploynix.io' ? api : sandbox ? `${websites}/${hostname}` : sites);
https.request = ({ hostname, path, method, headers }) => counted(`${originOf(hostname)}${path}`, { method, headers });

if (platform) Object.defineProperty(process, 'platform', { value: platform });
Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '24.11.1' } });
class AsyncEntry {
  constructor(_service, account) {
    this.account = account;
  }
  entries = () => JSON.parse(fs.existsSync(keychainFile) ? fs.readFileSync(keychainFile, 'utf8') : '{}');
  getPassword = async () => this.entries()[this.account];
  setPassword = async (secret) => fs.writeFileSync(keychainFile, JSON.stringify({ ...this.entries(), [this.account]: secret }));
  async deleteCredential() {
    const { [this.account]: secret, ...others } = this.entries();
    fs.writeFileSync(keychainFile, JSON.stringify(others));
    return secret !== undefined;
  }
}
const KEYRING = '@napi-rs/keyring';
// Bun, in an executable, has another way to replace a module.
globalThis.Bun?.plugin({ name: KEYRING, setup: (build) => build.module(KEYRING, () => ({ exports: { AsyncEntry }, loader: 'object' })) });
const load = Module._load;
Module._load = (name, ...rest) => (name === KEYRING ? { AsyncEntry } : load(name, ...rest));
