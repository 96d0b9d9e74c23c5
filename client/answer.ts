/** An entry of `errors`. */
export interface GraphqlErrorBody {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** The answer to an operation. */
export interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly GraphqlErrorBody[];
}

/** @returns undefined for a text that is not from the gateway, such as the page of a proxy */
export function parseAnswer(text: string): Answer | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    const isAnswer =
      typeof answer === 'object' && answer !== null && ('data' in answer || 'errors' in answer);
    // The cast: only the gateway answers with these members.
    return isAnswer ? (answer as Answer) : undefined;
  } catch {
    return undefined;
  }
}
