import { create } from 'content-disposition';

/** In characters: file systems take 255 bytes, and a character of a title may need four. */
const MAX_NAME = 60;

/** Characters with a meaning for file systems or shells, and characters that disguise a name. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}"*/:<>?\\|%]+/gu;

/**
 * The `Content-Disposition` of a document. The file name is the title of the document: unchanged in `filename*`, and without
 * accents in `filename` for older clients.
 */
export function contentDisposition(
  title: string,
  { isAttachment }: { readonly isAttachment: boolean },
): string {
  const name = fileNameOf(title);
  const plain = name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^\x20-\x7e]/gu, '_');
  return create(name, { type: isAttachment ? 'attachment' : 'inline', fallback: plain });
}

function fileNameOf(title: string): string {
  const clean = title
    .normalize('NFC')
    .replaceAll(UNSAFE, ' ')
    .replace(/\.pdf\s*$/i, '')
    .replaceAll(/\s+/g, ' ');
  // No hidden file, and no trailing characters that Windows removes.
  const stem = Array.from(clean)
    .slice(0, MAX_NAME)
    .join('')
    .replaceAll(/^[ .]+|[ .]+$/g, '');
  return `${stem === '' ? 'document' : stem}.pdf`;
}
