// One photo of the queue: its file, what was asked for it, where it stands, and the pictures that belong to it.

import { ApiError } from "./api.js";
import { DEFAULT_EDIT } from "./options.js";

const THUMBNAIL_HEIGHT = 128;
let count = 0;

export class Photo {
  id = ++count;
  state = "queued"; // queued, sending, waiting, running, done, failed, cancelled
  progress = 0;
  ahead = 0;
  error = null;
  edit = DEFAULT_EDIT; // what is wanted
  asked = DEFAULT_EDIT; // what was last asked of the server
  result = null; // restored (URL), heat (URL), maximum, found, expectedError, report, blob, query
  before = null; // URL of the original, or of a PNG copy where the browser cannot show the file itself
  isShowable = null; // whether the browser can show the file itself; null until known
  thumbnail = null;
  controller = null;
  analysis = null; // what was measured on the original, once it is known
  #gone = new AbortController();

  constructor(file) {
    this.file = file;
    this.name = file.name || "Pasted picture";
  }

  get isUnderWay() {
    return ["queued", "sending", "waiting", "running"].includes(this.state);
  }

  /** Aborted once the photo is removed. */
  get gone() {
    return this.#gone.signal;
  }

  /** Find out whether the browser can show the file, and make the thumbnail. */
  async look() {
    this.isShowable = await this.#makeThumbnail(this.file);
    if (this.isShowable) this.before = URL.createObjectURL(this.file);
  }

  async bytes(maximum = Infinity) {
    if (this.file.size > maximum) {
      const size = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
      throw new ApiError({ kind: "too_large", message: `The file has ${size(this.file.size)}; this server takes at most ${size(maximum)}.` });
    }
    return this.file.arrayBuffer().catch(() => {
      throw new ApiError({ kind: "file", message: "The file could not be read.", hint: "Folders have to be opened first." });
    });
  }

  /** Take what the server found, a document of `return=json`. */
  async finish(document, query) {
    const blob = blobOf(document.picture);
    this.#release(this.result);
    this.result = {
      restored: URL.createObjectURL(blob),
      heat: URL.createObjectURL(blobOf(document.uncertainty)),
      maximum: document.uncertainty.maximum,
      found: document.found,
      expectedError: document.expected_error,
      report: document.report,
      blob,
      query,
    };
    if (!this.thumbnail) await this.#makeThumbnail(blob);
  }

  takeCopy(blob) {
    if (this.before) URL.revokeObjectURL(this.before);
    this.before = URL.createObjectURL(blob);
  }

  dispose() {
    this.controller?.abort();
    this.#gone.abort();
    this.#release(this.result);
    for (const url of [this.before, this.thumbnail]) if (url) URL.revokeObjectURL(url);
  }

  #release(result) {
    if (!result) return;
    URL.revokeObjectURL(result.restored);
    URL.revokeObjectURL(result.heat);
  }

  async #makeThumbnail(blob) {
    try {
      const bitmap = await createImageBitmap(blob, { resizeHeight: THUMBNAIL_HEIGHT, resizeQuality: "medium" });
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
      canvas.getContext("2d").drawImage(bitmap, 0, 0);
      bitmap.close();
      this.thumbnail = URL.createObjectURL(await new Promise((resolve) => canvas.toBlob(resolve)));
      return true;
    } catch {
      return false;
    }
  }
}

function blobOf({ media_type: type, data }) {
  const bytes = Uint8Array.fromBase64?.(data) ?? Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  return new Blob([bytes], { type });
}
