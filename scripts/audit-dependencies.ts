import { spawnSync } from 'node:child_process';
import { z } from 'zod';

/*
 * `npm audit` of what the package needs to run, where the registry answers it. Mirrors often do not: then this says so in
 * one line and is no reason to stop, because it says nothing about the dependencies.
 */

const answerRules = z.object({
  metadata: z.object({ vulnerabilities: z.object({ high: z.number(), critical: z.number() }) }),
  vulnerabilities: z.record(z.string(), z.object({ severity: z.string(), range: z.string() })),
});
const refusalRules = z.object({ statusCode: z.number().optional(), message: z.string().optional() });

const { stdout, stderr } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
  encoding: 'utf8',
  // One attempt: a registry that is not there is not there.
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
    `dependencies were audited: ${known.length} with a known weakness, ${high + critical} of them high or critical`,
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

/** Without addresses: they may hold a password. */
function reasonOf(refusal: unknown, words: string): string {
  const { data } = refusalRules.safeParse(refusal);
  if (data?.statusCode !== undefined) return `the registry answers ${data.statusCode}`;
  const code = /\bE[A-Z]{4,}\b/.exec(`${data?.message ?? ''} ${words}`)?.[0];
  return `the registry cannot be reached${code === undefined ? '' : ` (${code})`}`;
}
