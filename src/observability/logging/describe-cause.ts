import { z } from 'zod';

const MAX_DEPTH = 5;
/** Of one answer that has another shape than the contract. */
const MAX_ISSUES = 5;

/**
 * What is behind a failure of the service, from the outside in, without a word of what the service said: messages of
 * parsers and decoders may quote it. `["SocketError UND_ERR_SOCKET"]`, `["ZodError documents.0.status invalid_type"]`.
 */
export function describeCause(cause: unknown): string[] {
  const causes: string[] = [];
  for (let error = cause; error instanceof Error && causes.length < MAX_DEPTH; error = error.cause)
    causes.push(...(error instanceof z.core.$ZodError ? issuesOf(error) : [nameOf(error)]));
  return causes;
}

function nameOf(error: Error): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? `${error.name} ${code}` : error.name;
}

/** Paths are names of the decoder and places in lists. */
function issuesOf({ issues }: z.core.$ZodError): string[] {
  return issues.slice(0, MAX_ISSUES).map(({ path, code }) => `ZodError ${path.join('.')} ${code}`);
}
