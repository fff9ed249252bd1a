// The divider between original and restored: dragged with mouse or finger, moved with the keys of a slider.

const KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };

export class CompareSlider {
  #handle;
  #stage;
  #bounds;
  #percent = 50; // of the visible part of the photo

  /** `bounds` gives the left and right edge of the photo on the stage. */
  constructor(handle, stage, bounds) {
    this.#handle = handle;
    this.#stage = stage;
    this.#bounds = bounds;
    handle.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      handle.focus();
      handle.setPointerCapture(event.pointerId);
    });
    handle.addEventListener("pointermove", (event) => {
      if (handle.hasPointerCapture(event.pointerId)) this.dragTo(event.clientX);
    });
    handle.addEventListener("keydown", (event) => this.#key(event));
  }

  dragTo(clientX) {
    const [left, right] = this.#bounds();
    const x = clientX - this.#stage.getBoundingClientRect().left;
    this.#move((100 * (x - left)) / Math.max(1, right - left));
  }

  /** Put the divider where it belongs now that the photo lies elsewhere. */
  place() {
    const [left, right] = this.#bounds();
    this.#stage.style.setProperty("--split", `${left + ((right - left) * this.#percent) / 100}px`);
    const percent = Math.round(this.#percent);
    this.#handle.setAttribute("aria-valuenow", String(percent));
    this.#handle.setAttribute("aria-valuetext", `${percent} % original, ${100 - percent} % restored`);
  }

  #move(percent) {
    this.#percent = Math.min(100, Math.max(0, percent));
    this.place();
  }

  #key(event) {
    const step = KEYS[event.key];
    if (step) this.#move(this.#percent + step * (event.shiftKey && Math.abs(step) === 1 ? 10 : 1));
    else if (event.key === "Home") this.#move(0);
    else if (event.key === "End") this.#move(100);
    else return;
    event.preventDefault();
  }
}
