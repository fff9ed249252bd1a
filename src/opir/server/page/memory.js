// What the page remembers in this browser; where that is forbidden it simply forgets.

export function recall(key, storage = "localStorage") {
  try {
    return window[storage].getItem(`opir.${key}`);
  } catch {
    return null;
  }
}

export function remember(key, value, storage = "localStorage") {
  try {
    window[storage].setItem(`opir.${key}`, value);
  } catch {
    // The page works without.
  }
}
