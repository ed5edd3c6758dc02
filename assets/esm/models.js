// Bokeh models of this page by name, and the mailbox through which the page speaks to its session.

export function modelNamed(name) {
  for (const doc of window.Bokeh?.documents ?? []) {
    const found = doc.get_model_by_name(name);
    if (found) return found;
  }
  return null;
}

// A change of a Bokeh source is handled at once; component messages wait for the event loop's next round. What equals
// what is there is no change: each message carries its time, so that the same can be said twice in a row.
export function post(message) {
  const mailbox = modelNamed("mailbox");
  if (mailbox) mailbox.data = {json: [JSON.stringify({...message, sent: performance.now()})]};
}

// Bring a file of annotations to the server and ask the session to read it.
export const upload = async (file) => {
  if (file.size > 64 * 2 ** 20) {
    post({type: "refused", why: `${file.name} has ${Math.round(file.size / 2 ** 20)} MB; at most 64 MB are read.`});
    return;
  }
  const answer = await fetch(`import?name=${encodeURIComponent(file.name)}`, {method: "POST", body: await file.arrayBuffer()});
  const found = await answer.json();
  post(found.id ? {type: "import", id: found.id} : {type: "refused", why: found.error});
};

const WRITTEN = /^(text|search|number|email|url|tel|password|date|time|datetime-local)$/;

// Whether a key goes into a text box; switches and sliders are inputs too, and leave the keys to the map.
export function typing(event) {
  const target = event.composedPath()[0];
  if (!(target instanceof HTMLElement)) return false;
  if (target.tagName === "INPUT") return WRITTEN.test(target.type);
  return target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName);
}
