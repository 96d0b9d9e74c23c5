/** In characters: file systems take 255 bytes, and a character of a title may need four. */
const MAX_NAME = 60;

/** What file systems and shells give a meaning to, and what would make a name look like another one. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}"*/:<>?\\|%]+/gu;

/**
 * How a browser should show or name the file (RFC 6266). The name comes from the title of the document: as it is for
 * those who know `filename*` (RFC 8187), and without its accents for the others.
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
  // Neither a hidden file nor one whose name ends where Windows cuts it.
  const stem = Array.from(clean)
    .slice(0, MAX_NAME)
    .join('')
    .replaceAll(/^[ .]+|[ .]+$/g, '');
  return `${stem === '' ? 'document' : stem}.pdf`;
}

/** `encodeURIComponent` leaves some characters that RFC 8187, section 3.2.1, does not. */
function encodeRfc8187(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
