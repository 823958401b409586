import { describe, expect, test } from 'vitest';
import { proxyExceptions } from '../../src/platform/api/network/proxy.ts';

const example = 'https://api.example.com';

describe('NO_PROXY', () => {
  test.each([
    ['*', example],
    ['other.test, *', example],
    ['api.example.com', example],
    ['API.Example.COM', example],
    ['example.com', example],
    ['.example.com', example],
    ['*.example.com', example],
    ['example.com.', example],
    ['example.com', 'https://api.example.com.'],
    ['example.com', 'https://example.com'],
    ['.example.com', 'https://example.com'],
    ['a.test,example.com', example],
    ['a.test example.com', example],
    ['example.com:443', example],
    ['example.com:8443', 'https://example.com:8443'],
    ['example.com:80', 'http://example.com'],
    ['127.0.0.1', 'http://127.0.0.1:3000'],
    ['127.0.0.1:3000', 'http://127.0.0.1:3000'],
    ['10.0.0.0/8', 'https://10.1.2.3'],
    ['10.0.0.0/8:443', 'https://10.1.2.3'],
    ['0.0.0.0/0', 'https://10.1.2.3'],
    ['::1', 'http://[::1]:3000'],
    ['[::1]', 'http://[::1]:3000'],
    ['[::1]:3000', 'http://[::1]:3000'],
    ['0:0:0:0:0:0:0:1', 'http://[::1]:3000'],
    ['2001:db8::/32', 'https://[2001:db8::7]'],
    ['[2001:db8::/32]:443', 'https://[2001:db8::7]'],
  ])('%s covers %s', (value, url) => expect(proxyExceptions(value)(new URL(url))).toBe(true));

  test.each([
    ['', example],
    [' , ', example],
    ['.', example],
    ['ample.com', example],
    ['example.com', 'https://example.com.evil.test'],
    ['www.example.com', example],
    ['example.com:80', example],
    ['example.com:44', example],
    ['10.0.0.0/8', 'https://11.0.0.1'],
    ['10.0.0.0/33', 'https://10.0.0.1'],
    ['10.0.0.0/x', 'https://10.0.0.1'],
    ['10.0.0.0/', 'https://11.0.0.1'],
    ['0.0.0.1', 'https://10.0.0.1'],
    ['1', 'https://10.0.0.1'],
    ['[::1]:80', 'http://[::1]:3000'],
    ['::/0', 'https://10.0.0.1'],
    ['2001:db8::/32', 'https://[2001:db9::7]'],
    ['[', example],
    ['%zz', example],
    ['*.*', example],
  ])('%s does not cover %s', (value, url) => expect(proxyExceptions(value)(new URL(url))).toBe(false));
});
