/** In characters: file systems take 255 bytes, and a character of a title may need four. */
const MAX_NAME = 60;

/** Characters with a meaning for file systems or shells, and characters that disguise a name. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}"*/:<>?\\|%]+/gu;

/**
 * The `Content-Disposition` of a document (RFC 6266). The file name is the title of the document: unchanged in `filename*`
 * (RFC 8187), and without accents in `filename` for older clients.
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
  const encoded = plain === name ? '' : `; filename*=UTF-8''${encodeRfc8187(name)}`;
  return `${isAttachment ? 'attachment' : 'inline'}; filename="${plain}"${encoded}`;
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

/** Also encodes the characters that `encodeURIComponent` leaves and RFC 8187, section 3.2.1, does not permit. */
function encodeRfc8187(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
