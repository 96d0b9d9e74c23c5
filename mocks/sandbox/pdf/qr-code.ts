import QRCode from 'qrcode';

const DEFAULT_WIDTH_PX = 300;
const MAX_WIDTH_PX = 2_000;

/**
 * The image behind `qr_code_url`: a PNG that encodes the link which opens the request in the IO app. It is drawn for any
 * `srid`, as the address holds no secret and the real one does not check it either.
 *
 * @returns undefined when the query is not one of ours
 */
export async function qrCodePng(query: URLSearchParams): Promise<Buffer | undefined> {
  const id = query.get('srid');
  if (query.get('feat') !== 'firma' || id === null || !/^[\w-]{1,100}$/.test(id)) return undefined;
  const width = Number(query.get('width') ?? DEFAULT_WIDTH_PX);
  const color = query.get('color') ?? '';
  return QRCode.toBuffer(`https://continua.io.pagopa.it/open?feat=firma&srid=${id}`, {
    type: 'png',
    width: width >= 50 && width <= MAX_WIDTH_PX ? Math.floor(width) : DEFAULT_WIDTH_PX,
    color: { dark: /^#?[\da-f]{6}$/i.test(color) ? `#${color.replace('#', '')}` : '#000000' },
  });
}
