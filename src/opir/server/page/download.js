// The finished file: made by the server with the chosen options, so that it is what the command line writes.

import { queryOf } from "./options.js";

const SUFFIXES = {
  "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/tiff": "tif", "image/bmp": "bmp",
  "image/x-portable-anymap": "ppm", "image/avif": "avif",
};

/** Save a photo; what the page has already in exactly this form is not computed again. */
export async function download(api, photo, output, { signal, told }) {
  const query = queryOf(photo.edit, output);
  const blob = photo.result.query === query
    ? photo.result.blob
    : await (await api.restore(await photo.bytes(), query, { signal, told })).blob();
  const stem = photo.name.replace(/\.[^.]+$/, "") || "photo";
  save(blob, `${stem}-restored.${SUFFIXES[blob.type] ?? "png"}`);
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser reads it after the click
}
