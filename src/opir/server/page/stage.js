// The stage: the selected photo, before and after, with divider, zoom, overlay and strength.

import { CompareSlider } from "./compare-slider.js";
import { Overlay } from "./overlay.js";
import { View } from "./view.js";

const element = (id) => document.getElementById(id);

export class Stage {
  #stage = element("stage");
  #before = element("before");
  #under = element("under");
  #after = element("after");
  #photo = null;
  #shown = ""; // what the images show
  #slider;
  #overlay;
  #view;

  constructor() {
    this.#slider = new CompareSlider(element("divider"), this.#stage, () => this.#view.covered);
    this.#overlay = new Overlay(
      { button: element("uncertainty"), image: element("heat"), legend: element("legend"), ticks: element("ticks"), text: element("legend-text") },
      () => this.#showOverlay(),
    );
    this.#view = new View(this.#stage, {
      moved: () => {
        this.#slider.place();
        this.#showZoom();
      },
      dragged: (x) => this.#slider.dragTo(x),
    });
    element("zoom-in").addEventListener("click", () => this.#view.zoomBy(1.5));
    element("zoom-out").addEventListener("click", () => this.#view.zoomBy(1 / 1.5));
    element("fit").addEventListener("click", () => this.#view.fit());
    element("full").addEventListener("click", () => this.#view.full());
    this.#stage.addEventListener("keydown", ({ key, ctrlKey, metaKey }) => {
      if (key.toLowerCase() === "u" && !ctrlKey && !metaKey) this.#overlay.toggle();
    });
  }

  get images() {
    return [this.#before, this.#after];
  }

  /** Show a photo, or how it looks by now; resolves when its pictures are visible. */
  async show(photo) {
    this.#photo = photo;
    this.setStrength(photo.edit.strength);
    const wanted = `${photo.id} ${photo.before} ${photo.result?.restored}`;
    if (wanted === this.#shown) return;
    this.#shown = wanted;
    this.#stage.classList.toggle("compares", Boolean(photo.result));
    this.#stage.classList.toggle("empty", !photo.before);
    for (const button of element("view").querySelectorAll("button:not(#uncertainty)")) button.disabled = !photo.before;
    this.#showOverlay();
    this.#showZoom();
    await Promise.all([
      load(this.#before, photo.before), load(this.#under, photo.before), load(this.#after, photo.result?.restored),
    ]);
    if (wanted !== this.#shown || !photo.before) return;
    const { width, height } = photo.result?.report ?? { width: this.#before.naturalWidth, height: this.#before.naturalHeight };
    this.#view.show(width, height);
    this.#slider.place();
  }

  /** Blend for the eye, in encoded values as the server does. */
  setStrength(percent) {
    this.#stage.style.setProperty("--strength", String(percent / 100));
  }

  #showZoom() {
    element("zoom").value = this.#photo?.before ? `${Math.round(100 * this.#view.zoom)} %` : "–";
  }

  #showOverlay() {
    this.#overlay.show(this.#photo?.result ?? null);
    element("after-tag").textContent = this.#overlay.isOn && this.#photo?.result ? "Uncertainty" : "Restored";
  }
}

async function load(image, url) {
  image.hidden = !url;
  if (!url) image.removeAttribute("src");
  else if (image.src !== url) {
    image.src = url;
    await image.decode().catch(() => {});
  }
}
