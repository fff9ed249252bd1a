// The photos that are being restored, a few at a time: one computes on the server while the next is on its way.

import { queryOf } from "./options.js";

const AT_A_TIME = 2;

export class Queue {
  photos = [];
  maxBytes = Infinity;
  #api;
  #output;
  #changed;

  /** `output` gives the options of the download; `changed` is called with every photo whose state has changed. */
  constructor(api, output, changed) {
    this.#api = api;
    this.#output = output;
    this.#changed = changed;
  }

  async add(photo) {
    this.photos.push(photo);
    this.#changed(photo);
    await photo.look();
    this.#changed(photo);
    this.#pump();
  }

  /** Restore a photo anew, before those that have not had their turn; its old result stays until then. */
  restart(photo) {
    this.#end(photo, { state: "queued", progress: 0, error: null });
    this.#pump();
  }

  cancel(photo) {
    this.#end(photo, { state: photo.result ? "done" : "cancelled" });
    this.#pump();
  }

  remove(photo) {
    this.photos = this.photos.filter((other) => other !== photo);
    photo.dispose();
    this.#pump();
  }

  #end(photo, changes) {
    photo.controller?.abort();
    photo.controller = null;
    this.#set(photo, changes);
  }

  #set(photo, changes) {
    Object.assign(photo, changes);
    this.#changed(photo);
  }

  #pump() {
    const waiting = this.photos.filter((photo) => photo.state === "queued" && photo.isShowable !== null);
    const running = this.photos.filter((photo) => photo.controller !== null);
    const next = waiting.find((photo) => photo.result) ?? waiting[0];
    if (!next || running.length >= AT_A_TIME) return;
    this.#restore(next).finally(() => this.#pump());
    this.#pump();
  }

  async #restore(photo) {
    const controller = new AbortController();
    const { signal } = controller;
    const told = ({ state, progress, n_ahead: ahead }) => {
      if (!signal.aborted) this.#set(photo, { state: state === "waiting" ? "waiting" : "running", progress, ahead });
    };
    photo.controller = controller;
    photo.asked = photo.edit;
    this.#set(photo, { state: "sending", progress: 0 });
    try {
      // At full strength: the page blends for the eye, and asks again for what is downloaded.
      const output = { ...this.#output(), format: photo.isShowable ? "" : "PNG" };
      const query = queryOf({ ...photo.asked, strength: 100 }, output);
      const bytes = await photo.bytes(this.maxBytes);
      const response = await this.#api.restore(bytes, `${query}&return=json`, { signal, told });
      const document = await response.json();
      if (!photo.before) photo.takeCopy(await this.#copy(bytes, { signal, told }));
      if (signal.aborted) return;
      await photo.finish(document, query);
      if (signal.aborted) return;
      photo.controller = null;
      this.#set(photo, { state: "done", progress: 1, error: null });
      if (!photo.analysis) this.#measure(photo, bytes);
    } catch (error) {
      if (signal.aborted) return;
      photo.controller = null;
      this.#set(photo, { state: "failed", error });
    }
  }

  /** Find out how strong the degradations are; where that fails, the photo is restored all the same. */
  async #measure(photo, bytes) {
    const analysis = await this.#api.analyze(bytes, photo.gone).catch(() => null);
    if (analysis && !photo.gone.aborted) this.#set(photo, { analysis });
  }

  /** Fetch the original as PNG, for a file that the browser cannot show. */
  async #copy(bytes, options) {
    const response = await this.#api.restore(bytes, "strength=0&format=PNG&metadata=strip", options);
    return response.blob();
  }
}
