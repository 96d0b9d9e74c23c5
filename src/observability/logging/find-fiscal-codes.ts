/**
 * The last seven of the 16 characters of a fiscal code, and before them the rest: six letters, two digits, a letter, two
 * digits; a letter, three digits, a letter. Each digit may be a letter instead (omocodia). It begins with the end because
 * few words look like that, and every word has six letters.
 */
const TAIL = /[\dLMNP-V]{2}[A-Z][\dLMNP-V]{3}[A-Z](?<=[A-Z]{6}[\dLMNP-V]{2}[A-Z][\dLMNP-V]{2}.{5})/gi;
const TAIL_LENGTH = 7;
const LENGTH = 16;
const MONTH_AT = 8;

const MONTH = /[ABCDEHLMPRST]/i;
const WORD_BEFORE = /[A-Z\d]*$/i;
const WORD_AFTER = /^[A-Z\d]*/i;
/** Of our years: ids of the service and of requests. One in 300 holds something of the form of a fiscal code. */
const ULID = /^01[\dA-HJKMNP-TV-Z]{24}$/i;
const ULID_LENGTH = 26;

export interface FiscalCodeFound {
  readonly start: number;
  readonly end: number;
  /** It stands by itself, and is no part of a longer word. */
  readonly isWord: boolean;
}

/**
 * Where fiscal codes are, in either case. As a word of its own one counts with any letter for the month, because a
 * mistyped one is somebody's all the same; as a part of a word (`findRSSMRA80A01H501U`) only with one that is a month.
 */
export function* findFiscalCodes(text: string): Generator<FiscalCodeFound> {
  let from = 0;
  for (;;) {
    TAIL.lastIndex = from;
    const tail = TAIL.exec(text);
    if (tail === null) return;
    const end = tail.index + TAIL_LENGTH;
    const start = end - LENGTH;
    const before = WORD_BEFORE.exec(text.slice(Math.max(0, start - ULID_LENGTH), start))?.[0] ?? '';
    const after = WORD_AFTER.exec(text.slice(end, end + ULID_LENGTH))?.[0] ?? '';
    const isWord = before === '' && after === '';
    const isPart =
      MONTH.test(text[start + MONTH_AT] ?? '') && !ULID.test(before + text.slice(start, end) + after);
    if (isWord || isPart) yield { start, end, isWord };
    from = isWord || isPart ? end : tail.index + 1;
  }
}
