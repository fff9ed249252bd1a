// The dialog that asks for the server's token.

const element = (id) => document.getElementById(id);

/** Resolve to what was typed, or to null. */
export function askToken() {
  const dialog = element("token-dialog");
  const field = element("token");
  field.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    element("token-form").onsubmit = (event) => {
      event.preventDefault();
      dialog.close(field.value.trim());
    };
    element("token-cancel").onclick = () => dialog.close("");
    dialog.onclose = () => resolve(dialog.returnValue || null);
  });
}
