// The finished file: made by the server with the chosen options, so that it is what the command line writes.

import { queryOf } from "./options.js";

const SUFFIXES = {
  "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/tiff": "tif", "image/bmp": "bmp",
  "image/x-portable-anymap": "ppm", "image/avif": "avif",
};

/** The buttons that save: the selected photo or all of them, one after the other, with progress and cancel. */
export class Downloads {
  #api;
  #output;
  #parts;
  #controller = null; // of what is being saved

  /** `output` gives the options of the download. `parts`: one, all, cancel (buttons), state (a line of text). */
  constructor(api, output, parts) {
    this.#api = api;
    this.#output = output;
    this.#parts = parts;
    parts.cancel.addEventListener("click", () => this.#controller?.abort());
  }

  /** Offer what can be saved, now that `photo` is the selected one of `photos`. */
  offer(photo, photos) {
    const { one, all, cancel } = this.#parts;
    const isSaving = this.#controller !== null;
    one.disabled = isSaving || !photo?.result;
    all.disabled = isSaving;
    all.hidden = photos.filter((other) => other.result).length < 2;
    cancel.hidden = !isSaving;
  }

  /** Forget what was said about the last download. */
  clear() {
    if (!this.#controller) this.#parts.state.textContent = "";
  }

  /** Save photos; `changed` is called when that begins and ends. */
  async save(photos, changed) {
    const { one, cancel, state } = this.#parts;
    const { signal } = (this.#controller = new AbortController());
    const told = ({ progress }) => one.style.setProperty("--share", String(progress));
    let count = 0;
    changed();
    try {
      for (const photo of photos) {
        state.textContent = `Preparing ${photo.name} …`;
        await download(this.#api, photo, this.#output(), { signal, told });
        count += 1;
      }
      state.textContent = count === 1 ? "Saved." : `${count} photos saved.`;
    } catch (error) {
      const text = signal.aborted ? "Cancelled." : `${error.message} ${error.hint ?? ""}`;
      state.textContent = count && photos.length > 1 ? `${text} ${count} of ${photos.length} saved.` : text;
    }
    const hadFocus = document.activeElement === cancel;
    this.#controller = null;
    one.style.removeProperty("--share");
    changed();
    if (hadFocus) one.focus();
  }
}

/** Save a photo; what the page has already in exactly this form is not computed again. */
async function download(api, photo, output, { signal, told }) {
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
