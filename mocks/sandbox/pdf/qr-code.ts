const DEFAULT_WIDTH_PX = 300;
const MAX_WIDTH_PX = 2_000;

/**
 * The image of `qr_code_url`: a PNG with the link that opens the request in the IO app. Every `srid` is accepted, because
 * the URL contains no secret, and the service does not check it either.
 *
 * @returns undefined if the query is invalid
 */
export async function qrCodePng(query: URLSearchParams): Promise<Buffer | undefined> {
  const id = query.get('srid');
  if (query.get('feat') !== 'firma' || id === null || !/^[\w-]{1,100}$/.test(id)) return undefined;
  // Loaded on first use, because most sandboxes get no such call.
  const { default: QRCode } = await import('qrcode');
  const width = Number(query.get('width') ?? DEFAULT_WIDTH_PX);
  const color = query.get('color') ?? '';
  return QRCode.toBuffer(`https://continua.io.pagopa.it/open?feat=firma&srid=${id}`, {
    type: 'png',
    width: width >= 50 && width <= MAX_WIDTH_PX ? Math.floor(width) : DEFAULT_WIDTH_PX,
    color: { dark: /^#?[\da-f]{6}$/i.test(color) ? `#${color.replace('#', '')}` : '#000000' },
  });
}
