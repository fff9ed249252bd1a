// The map of the expected error over the restored photo, and its legend in grey levels.

const N_TICKS = 5;
const number = new Intl.NumberFormat("en", { maximumSignificantDigits: 3, useGrouping: false });

export class Overlay {
  #parts;
  #toggled;
  isOn = false;

  /** `parts`: button, image, legend, ticks, text. `toggled` is called when it is switched. */
  constructor(parts, toggled) {
    this.#parts = parts;
    this.#toggled = toggled;
    parts.button.addEventListener("click", () => this.toggle());
  }

  toggle() {
    if (this.#parts.button.disabled) return;
    this.isOn = !this.isOn;
    this.#toggled();
  }

  /** Show the map of a result, or nothing for null. */
  show(result) {
    const { button, image, legend, ticks, text } = this.#parts;
    const isShown = this.isOn && result !== null;
    button.disabled = result === null;
    button.setAttribute("aria-pressed", String(this.isOn));
    image.hidden = legend.hidden = !isShown;
    if (!isShown) return;
    if (image.src !== result.heat) image.src = result.heat;
    const values = Array.from({ length: N_TICKS }, (_, index) => (result.maximum * index) / (N_TICKS - 1));
    ticks.replaceChildren(...values.map((value, index) => {
      const tick = document.createElement("li");
      tick.textContent = number.format(value) + (index === N_TICKS - 1 ? "+" : "");
      return tick;
    }));
    text.textContent = `Expected error in grey levels; ${number.format(result.expectedError)} on average.`;
  }
}
