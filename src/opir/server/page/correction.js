// How strong the correction is: the mean difference between original and restored, from patches across the photo.

const N_PATCHES = 8; // along each side
const PATCH = 32; // pixels

/** Mean absolute difference of two images of one size [grey levels of 255], or null where they cannot be read. */
export function meanCorrection(before, after, width, height) {
  const one = patchesOf(before, width, height);
  const other = patchesOf(after, width, height);
  let [sum, n] = [0, 0];
  for (let at = 0; at < one.length; at += 4) {
    if (one[at + 3] === 0) continue; // outside of the photo, or transparent
    for (let channel = 0; channel < 3; channel++) sum += Math.abs(one[at + channel] - other[at + channel]);
    n += 3;
  }
  return n ? sum / n : null;
}

function patchesOf(image, width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = N_PATCHES * PATCH;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const size = [Math.min(PATCH, width), Math.min(PATCH, height)];
  for (let row = 0; row < N_PATCHES; row++) {
    for (let column = 0; column < N_PATCHES; column++) {
      const x = Math.round(((width - size[0]) * column) / (N_PATCHES - 1));
      const y = Math.round(((height - size[1]) * row) / (N_PATCHES - 1));
      context.drawImage(image, x, y, ...size, column * PATCH, row * PATCH, ...size);
    }
  }
  return context.getImageData(0, 0, canvas.width, canvas.height).data;
}
