// Ways in: choose, drop anywhere, paste.

export function bindIntake({ buttons, input, landing }, take) {
  const takeAll = (files) => { if (files.length) take([...files]); };
  for (const button of buttons) button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    takeAll(input.files);
    input.value = ""; // so that the same file can be chosen again
  });

  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    landing.hidden = false;
  });
  addEventListener("dragleave", (event) => { if (event.relatedTarget === null) landing.hidden = true; });
  addEventListener("drop", (event) => {
    landing.hidden = true;
    if (!hasFiles(event)) return;
    event.preventDefault();
    takeAll(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => takeAll(event.clipboardData.files));
}
