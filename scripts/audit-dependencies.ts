import { spawnSync } from 'node:child_process';
import { z } from 'zod';

/*
 * `npm audit` of the runtime dependencies, if the registry supports it. Mirrors often do not: then this prints one line and
 * exits with 0, because nothing is known about the dependencies.
 */

const answerRules = z.object({
  metadata: z.object({ vulnerabilities: z.object({ high: z.number(), critical: z.number() }) }),
  vulnerabilities: z.record(z.string(), z.object({ severity: z.string(), range: z.string() })),
});
const refusalRules = z.object({ statusCode: z.number().optional(), message: z.string().optional() });

const { stdout, stderr } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
  encoding: 'utf8',
  // One attempt, so that an unreachable registry delays a build only once.
  env: { ...process.env, npm_config_fetch_retries: '0', npm_config_fetch_timeout: '30000' },
});
const report = jsonOf(stdout);
const { data: answer } = answerRules.safeParse(report);
if (answer === undefined) {
  console.log(`dependencies were not audited: ${reasonOf(report, stderr)}`);
} else {
  const { high, critical } = answer.metadata.vulnerabilities;
  const known = Object.entries(answer.vulnerabilities);
  for (const [name, { severity, range }] of known) console.log(`${severity}: ${name} ${range}`);
  console.log(
    `dependencies were audited: ${known.length} with a known vulnerability, ${high + critical} of them high or critical`,
  );
  if (high + critical > 0) process.exitCode = 1;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Without URLs, which may contain a password. */
function reasonOf(refusal: unknown, words: string): string {
  const { data } = refusalRules.safeParse(refusal);
  if (data?.statusCode !== undefined) return `the registry answers ${data.statusCode}`;
  const code = /\bE[A-Z]{4,}\b/.exec(`${data?.message ?? ''} ${words}`)?.[0];
  return `the registry cannot be reached${code === undefined ? '' : ` (${code})`}`;
}
