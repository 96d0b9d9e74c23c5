import { pino } from 'pino';
import type { Logger } from 'pino';
import { expect, onTestFinished, vi } from 'vitest';
import { createLogger } from '../../../src/observability/logging/logger.ts';
import { leaksIn } from './search.ts';
import type { Secrets } from './search.ts';

/** Contains characters that every encoding changes. */
export const ISSUER_KEY = 'k3y+of/the=issuer&1';
export const CALLER_KEY = 'opaque+key/of=a-caller';
/** Not the fiscal code of the examples, which GraphiQL shows. */
export const CODE = 'VRDGPP13R10B293P';
/** With a letter for each digit (_omocodia_). */
export const OTHER_CODE = 'RSSMRAURTMLARNMS';
const SIGNATURE = 'aB1c/D2eF3gH4iJ5kL6+7mN8oP9=';
export const SAS = `https://s.blob.example/uploaded-documents/01J?sp=racw&rsct=application%2Fpdf&sig=${encodeURIComponent(SIGNATURE)}`;
/** Words of upstream answers only. */
const WORDS = 'words-that-only-the-service-knows';

/** Secrets that no log line and no response may contain. */
const PLANTED: Secrets = {
  'the key of the issuer': ISSUER_KEY,
  'the key of a caller': CALLER_KEY,
  'a fiscal code': CODE,
  'a fiscal code with letters for digits': OTHER_CODE,
  'a signature': SIGNATURE,
  'words of the service': WORDS,
};

/** All secrets in one text, as an answer of the service or of its storage may contain them. */
export const ALL = `${WORDS} ${CODE} ${OTHER_CODE.toLowerCase()} ${ISSUER_KEY} ${SAS}`;

/** The secrets that a caller can send. */
export const CALLERS = `${CODE} ${OTHER_CODE.toLowerCase()} ${ISSUER_KEY} ${SAS}`;

/** Headers that have no effect, with secrets. */
const HOSTILE_HEADERS: Readonly<Record<string, string>> = {
  'x-request-id': CODE,
  'user-agent': `client of ${CODE}/${ISSUER_KEY}`,
  referer: `https://portal.example/${CODE}?k=${encodeURIComponent(ISSUER_KEY)}`,
  cookie: `session=${ISSUER_KEY}; cf=${CODE}`,
  'x-forwarded-for': CODE,
  forwarded: `for=${CODE}`,
  traceparent: `00-${CODE}-${CODE}-01`,
  tracestate: `cf=${CODE}`,
  baggage: `cf=${CODE},key=${ISSUER_KEY}`,
  'accept-language': CODE,
  'x-anything': CALLERS,
};

/** Names of the secrets that this answer may contain, because it documents them. */
interface Answer {
  readonly what: string;
  readonly text: string;
  readonly mayHold: readonly string[];
}

/** Records the log at every level and all answers of a test, and checks them for secrets. */
export function keepRecord(logger: 'scrubbing' | 'plain' = 'scrubbing') {
  const written: string[] = [];
  const answers: Answer[] = [];
  const secrets: Record<string, string> = { ...PLANTED };
  const ofLog: Record<string, string> = {};
  const write = (line: string): void => void written.push(line);
  for (const name of ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const) {
    const spy = vi.spyOn(console, name).mockImplementation((...words) => write(words.map(String).join(' ')));
    onTestFinished(() => spy.mockRestore());
  }
  return {
    logger: logger === 'scrubbing' ? scrubbingLogger(write) : pino({ level: 'trace' }, { write }),
    /** Adds a secret to the planted ones. */
    alsoSecret(name: string, value: string): void {
      secrets[name] = value;
    },
    /** For values that answers may contain and the log may not. */
    alsoSecretInLog(name: string, value: string): void {
      ofLog[name] = value;
    },
    lines: (): Record<string, unknown>[] => written.map((line): Record<string, unknown> => JSON.parse(line)),
    answered: (answer: Answer): void => void answers.push(answer),
    leaks(): string[] {
      const inLog = leaksIn(written.join(''), { ...secrets, ...ofLog }).map((leak) => `${leak}, in the log`);
      const inAnswers = answers.flatMap(({ what, text, mayHold }) =>
        leaksIn(text, secrets)
          .filter((leak) => !mayHold.some((name) => leak.startsWith(name)))
          .map((leak) => `${leak}, in the answer to ${what}`),
      );
      return [...inLog, ...inAnswers];
    },
  };
}

export type LeakRecord = ReturnType<typeof keepRecord>;

const scrubbingLogger = (write: (line: string) => void): Logger =>
  createLogger({ level: 'trace', secrets: [ISSUER_KEY], write });

/** Sends a request with planted headers and records the answer, headers and body. */
export async function sendPlanted(
  record: LeakRecord,
  what: string,
  url: string | URL,
  init: RequestInit = {},
  mayHold: readonly string[] = [],
): Promise<{ readonly status: number; readonly headers: Headers; readonly text: string }> {
  const response = await fetch(url, {
    redirect: 'manual',
    ...init,
    headers: { ...HOSTILE_HEADERS, ...(init.headers as Record<string, string> | undefined) },
  });
  const { status, headers } = response;
  const bytes = Buffer.from(await response.arrayBuffer());
  const text = bytes.toString('latin1');
  const head = [...headers].map(([name, value]) => `${name}: ${value}`).join('\n');
  record.answered({ what, text: `${head}\n\n${text}`, mayHold });
  return { status, headers, text };
}

/** Expects log lines, and no secret in them or in any answer. */
export function expectNoLeaks(record: LeakRecord): void {
  expect(record.lines().length).toBeGreaterThan(0);
  expect(record.leaks()).toEqual([]);
}
