// Before there is a session: everything that the page loads is asked for at once, the session is built on the server
// while the browser reads the libraries, and keys that are pressed meanwhile wait for it.
// OPENING: {scripts, modules, styles, code, first}: addresses of the libraries in their order, of modules and of style
// sheets, code to run after the libraries, and the module that shows the first picture.

(() => {
  // Components load their modules through this name. They name them by address, so that the browser's own import does
  // it: it reads ahead, and keeps what it has compiled. An import map has nothing to add.
  window.importShim = Object.assign((address) => import(address), {addImportMap: () => undefined});

  const own = document.querySelector("style");
  const ahead = (address, kind) =>
    new Promise((done) => {
      const link = document.createElement("link");
      Object.assign(link, kind, {href: address, onload: done, onerror: done});
      document.head.insertBefore(link, own); // the page's own style sheet has the last word
    });
  const run = (address) =>
    new Promise((done, failed) => {
      const script = document.createElement("script");
      Object.assign(script, {src: address, async: false, onload: done, onerror: () => failed(new Error(address))});
      document.head.append(script);
    });
  const say = (words) => {
    const place = document.getElementById("opening");
    place.setAttribute("role", "alert");
    place.textContent = words;
  };

  // The event itself says nothing any more once it is over: where it came from is kept beside it.
  const keys = (window.nightglassKeys = []);
  const keep = (event) => {
    keys.push(event);
    if (/^(\/|'| )$/.test(event.key) || event.ctrlKey) event.preventDefault();
  };
  document.addEventListener("keydown", keep, true);
  window.addEventListener("nightglass:desk", () => document.removeEventListener("keydown", keep, true), {once: true});

  const query = new URLSearchParams(window.location.search);
  query.set("width", window.innerWidth);
  query.set("height", window.innerHeight);

  // Resolves once the first picture is on the screen, or there is none to show.
  const look = async () => {
    const [answer, {show}] = await Promise.all([fetch(`first?${query}`, {cache: "no-store"}), import(OPENING.first)]);
    if (answer.status === 200) show(await answer.arrayBuffer());
  };
  const looked = look().catch((error) => console.info("No first picture:", error));

  const open = async () => {
    // The server answers one thing at a time: what it has ready goes out before it builds the session.
    await Promise.all([
      looked,
      ...OPENING.scripts.map((address) => ahead(address, {rel: "preload", as: "script"})),
      ...OPENING.styles.map((address) => ahead(address, {rel: "stylesheet"})),
      ...OPENING.modules.map((address) => ahead(address, {rel: "modulepreload"})),
    ]);
    const asked = fetch(`session?${query}`, {cache: "no-store"});
    asked.catch(() => undefined);
    await Promise.all(OPENING.scripts.map(run));
    const script = document.createElement("script");
    script.textContent = OPENING.code;
    document.head.append(script);
    const answer = await asked;
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    const item = await answer.json();
    for (const [root, element] of Object.entries(item.roots)) {
      const place = document.createElement("div");
      Object.assign(place, {id: element}).dataset.rootId = root;
      place.style.display = "contents";
      document.body.append(place);
    }
    await window.Bokeh.embed.embed_items({}, [item]);
    if (!window.Bokeh.documents.length) throw new Error("no document");
  };
  open().catch((error) => {
    say("The page could not be opened: the connection with the server broke. Reload it.");
    console.error(error);
  });
})();
