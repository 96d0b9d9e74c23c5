import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** Settings of a file with one `name value` per line. */
const settingsOf = (file: string, separator: RegExp): Map<string, string> =>
  new Map(
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line) => {
        const [name = '', ...rest] = line.trim().replace(/;$/, '').split(separator);
        return rest.length === 0 || name.startsWith('#') ? [] : [[name, rest.join(' ')] as const];
      }),
  );

test('the stop timeout of systemd covers the shutdown of a gateway', () => {
  const unit = settingsOf('examples/deploy/sigillo.service', /=/);
  expect(unit.get('ExecStart')).toContain('src/main.ts');
  // The default of SHUTDOWN_GRACE_SECONDS, one second for responses, and three for the last traces.
  expect(Number(unit.get('TimeoutStopSec'))).toBeGreaterThanOrEqual(25 + 1 + 3);
});

test('nginx allows the operation timeout and the upload size of the gateway', () => {
  const site = settingsOf('examples/deploy/nginx.conf', /\s+/);
  expect(Number.parseInt(site.get('proxy_read_timeout') ?? '', 10)).toBeGreaterThan(90);
  expect(Number.parseInt(site.get('client_max_body_size') ?? '', 10) * 2 ** 20).toBeGreaterThan(104_857_600);
  expect(site.get('proxy_request_buffering')).toBe('off');
});
