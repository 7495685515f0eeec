// The pictures of the prompt: the bytes as they were picked, and something the browser can show.

const KINDS = [
  ["image/jpeg", (b) => b[0] === 0xff && b[1] === 0xd8],
  ["image/png", (b) => text(b, 1, 4) === "PNG"],
  ["image/webp", (b) => text(b, 0, 4) === "RIFF" && text(b, 8, 12) === "WEBP"],
  ["image/heic", (b) => text(b, 4, 8) === "ftyp" && /^he[ivx]/.test(text(b, 8, 12))],
  ["image/heif", (b) => text(b, 4, 8) === "ftyp" && /^m(if|sf)1/.test(text(b, 8, 12))],
];
const text = (bytes, from, to) => String.fromCharCode(...bytes.subarray(from, to));

/** The type that the bytes themselves say; undefined for what the API does not read. */
export async function mimeOf(blob) {
  const head = await headOf(blob);
  return KINDS.find(([, matches]) => matches(head))?.[0];
}

const headOf = async (blob) => new Uint8Array(await blob.slice(0, 32).arrayBuffer());

// Browsers turn JPEG and PNG upright as the server does; of WEBP they pass over the EXIF that may
// say so. Bit 3 of the flags of an extended WEBP tells whether there is any.
async function mayLie(blob, mime) {
  const head = await headOf(blob);
  return mime === "image/webp" && text(head, 12, 16) === "VP8X" && (head[20] & 8) !== 0;
}

/** A picture from this machine. `preview` asks the server for what the browser cannot show right. */
export async function localPicture(blob, name, preview) {
  const mime = await mimeOf(blob);
  if (!mime) throw new TypeError(`${name} is not a PNG, JPEG, WEBP, HEIC or HEIF picture. Save it as one of these and try again.`);
  const picture = { name, mime, blob, size: blob.size };
  const shown = (await mayLie(blob, mime)) ? null : await loaded(blob);
  return { ...picture, ...(shown ?? (await previewed(picture, preview))) };
}

/** A picture that the server stores; what it looks like is asked of the server. */
export async function storedPicture(file, preview) {
  const picture = { name: file.displayName || file.name, mime: file.mimeType, file, size: Number(file.sizeBytes) };
  return { ...picture, ...(await previewed(picture, preview)) };
}

async function previewed(picture, preview) {
  const { blob, wh } = await preview(await partOf(picture));
  const shown = await loaded(blob);
  return { ...shown, wh };
}

async function loaded(blob) {
  const url = URL.createObjectURL(blob);
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
    return { url, wh: [image.naturalWidth, image.naturalHeight] };
  } catch {
    URL.revokeObjectURL(url);
    return null;
  }
}

/** The picture as a part of a request. */
export async function partOf(picture) {
  if (picture.file) return { fileData: { fileUri: picture.file.uri, mimeType: picture.mime } };
  return { inlineData: { mimeType: picture.mime, data: await base64(picture.blob) } };
}

function base64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(new TypeError("The file cannot be read any more. Pick it again."));
    reader.readAsDataURL(blob);
  });
}
