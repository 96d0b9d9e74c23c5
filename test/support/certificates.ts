import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { onTestFinished } from 'vitest';

/** Creates certificates that this process trusts until the test ends. */
export function makeCertificates() {
  const folder = mkdtempSync(join(tmpdir(), 'sigillo-certificates-'));
  const before = getCACertificates('default');
  onTestFinished(() => {
    setDefaultCACertificates(before);
    rmSync(folder, { recursive: true });
  });
  let count = 0;
  return {
    /** For a name (`DNS:localhost`) or an address (`IP:127.0.0.1`). */
    certificateFor(name: string) {
      const [key, cert] = [join(folder, `${count}.key`), join(folder, `${count}.crt`)];
      count += 1;
      const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
      const subject = ['-subj', '/CN=test', '-addext', `subjectAltName=${name}`, '-days', '2'];
      execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert, ...subject], {
        stdio: 'ignore',
      });
      setDefaultCACertificates([...getCACertificates('default'), readFileSync(cert, 'utf8')]);
      return { key, cert };
    },
  };
}
