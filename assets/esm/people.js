// The people who have this map open, as initials at its edge; one's own open a dialog. Who one is stays in this
// browser's storage: there is no login, so a name is what its user typed.

import {modelNamed, post} from "./models.js";

const STORED = "nightglass:me";
const MOST = 4;

const made = (tag, parent, text = "", attributes = {}) => {
  const node = document.createElement(tag);
  if (text) node.textContent = text;
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  parent.appendChild(node);
  return node;
};

// Storage can be refused (private windows, policies): then the name lives as long as the page.
const remembered = () => {
  try {
    return window.localStorage.getItem(STORED);
  } catch {
    return null;
  }
};
const remember = (text) => {
  try {
    window.localStorage.setItem(STORED, text);
  } catch {
    // nothing is lost but the memory of it
  }
};

// Two equal messages in a row would be one to the mailbox: each carries its time.
const tell = (message) => post({...message, at: performance.now()});

class People {
  constructor(model, el) {
    this.model = model;
    const stack = made("div", el, "", {class: "stack"});
    this.says = made("div", stack, "", {class: "says", role: "status"});
    this.row = made("div", stack, "", {role: "group", "aria-label": "People here", class: "row"});
    this.dialog = made("dialog", el, "", {"aria-label": "You and the others"});
    this.build();
    this.onStorage = (event) => event.key === STORED && event.newValue && this.introduce(event.newValue);
    window.addEventListener("storage", this.onStorage);
    model.on("me", () => this.known());
    for (const name of ["me", "people", "following"]) model.on(name, () => this.draw());
    this.draw();
    this.join();
  }

  // The mailbox arrives with the document, perhaps after this element.
  join() {
    if (!modelNamed("mailbox")) {
      this.waiting = setTimeout(() => this.join(), 40);
      return;
    }
    const before = remembered();
    if (!before || !this.introduce(before)) this.known();
  }

  leave() {
    clearTimeout(this.waiting);
    window.removeEventListener("storage", this.onStorage);
  }

  introduce(text) {
    try {
      const {name, colour, share, show} = JSON.parse(text);
      if (typeof name !== "string") return false;
      tell({type: "people-me", name, colour: String(colour), share: share !== false, show: show !== false});
      return true;
    } catch {
      return false; // not ours, or from another time: it is written anew
    }
  }

  known() {
    const {name, colour, share, show} = this.model.me;
    remember(JSON.stringify({name, colour, share, show}));
  }

  // Initials ---------------------------------------------------------------------------------------------------------

  draw() {
    const {me, people, following} = this.model;
    // Whoever is followed is always among those shown.
    const order = [...people].sort((one, other) => (other.id === following) - (one.id === following));
    this.row.replaceChildren();
    for (const person of order.slice(0, MOST)) this.avatar(person);
    if (people.length > MOST) {
      const more = made("button", this.row, `+${people.length - MOST}`, {class: "more", type: "button"});
      more.title = `${people.length} others are here`;
      more.onclick = () => this.open();
    }
    const own = this.circle(this.row, me);
    own.classList.add("own");
    own.title = `${me.name} (you, self-declared): name, colour, pointers`;
    own.setAttribute("aria-label", own.title);
    own.onclick = () => this.open();
    this.mark();
    this.list();
  }

  mark() {
    const followed = this.model.people.find((person) => person.id === this.model.following);
    this.says.hidden = !followed;
    this.says.replaceChildren();
    if (!followed) return;
    this.says.style.backgroundColor = this.model.colours[followed.colour];
    this.says.style.color = this.model.ink;
    made("span", this.says, `Following ${followed.name}`);
    const stop = made("button", this.says, "Stop", {type: "button", title: "Stop following (Esc)"});
    stop.onclick = () => this.follow(followed);
  }

  circle(parent, person) {
    const node = made("button", parent, person.initials, {class: "avatar", type: "button"});
    node.style.backgroundColor = this.model.colours[person.colour];
    node.style.color = this.model.ink;
    return node;
  }

  avatar(person) {
    const node = this.circle(this.row, person);
    const followed = person.id === this.model.following;
    node.dataset.id = person.id;
    node.title = `${this.described(person)} · click to ${followed ? "stop following" : "follow"}`;
    node.setAttribute("aria-label", node.title);
    node.setAttribute("aria-pressed", String(followed));
    node.onclick = () => this.follow(person);
  }

  described(person) {
    return person.doing ? `${person.name} · ${person.doing}` : person.name;
  }

  follow(person) {
    if (person.id === this.model.following) tell({type: "people-unfollow"});
    else tell({type: "people-follow", id: person.id});
  }

  // Dialog -----------------------------------------------------------------------------------------------------------

  build() {
    const form = made("form", this.dialog, "", {method: "dialog"});
    made("h2", form, "You");
    const label = made("label", form, "Name", {class: "name"});
    this.name = made("input", label, "", {type: "text", maxlength: "40", autocomplete: "off", spellcheck: "false"});
    made("p", form, "Self-declared: there is no login yet, so nobody has checked any name here.", {class: "muted"});
    const colours = made("fieldset", form);
    made("legend", colours, "Colour");
    this.swatches = Object.entries(this.model.colours).map(([name, value]) => {
      const swatch = made("label", colours, "", {class: "swatch", title: name});
      const radio = made("input", swatch, "", {type: "radio", name: "colour", value: name, "aria-label": name});
      made("span", swatch).style.backgroundColor = value;
      return radio;
    });
    this.share = this.choice(form, "Show the others my pointer");
    this.showing = this.choice(form, "Show me their pointers");
    made("h2", form, "Others");
    this.others = made("ul", form);
    made("button", made("div", form, "", {class: "end"}), "Done", {type: "submit", class: "done"});
    form.onchange = () => this.changed();
    form.onsubmit = () => this.changed();
    // What is typed here is no key of the map, and Esc closes this dialog and nothing else.
    this.dialog.addEventListener("keydown", (event) => event.stopPropagation());
  }

  choice(form, words) {
    const label = made("label", form, "", {class: "choice"});
    const box = made("input", label, "", {type: "checkbox"});
    made("span", label, words);
    return box;
  }

  open() {
    const {me} = this.model;
    this.name.value = me.name;
    for (const radio of this.swatches) radio.checked = radio.value === me.colour;
    this.share.checked = me.share;
    this.showing.checked = me.show;
    this.dialog.showModal();
    this.name.select();
  }

  changed() {
    const colour = this.swatches.find((radio) => radio.checked)?.value ?? this.model.me.colour;
    const [name, share, show] = [this.name.value, this.share.checked, this.showing.checked];
    const {me} = this.model;
    if (name === me.name && colour === me.colour && share === me.share && show === me.show) return;
    tell({type: "people-me", name, colour, share, show});
  }

  list() {
    this.others.replaceChildren();
    if (!this.model.people.length) made("li", this.others, "Nobody else has this map open.", {class: "muted"});
    for (const person of this.model.people) {
      const line = made("li", this.others);
      made("span", line, "", {class: "dot"}).style.backgroundColor = this.model.colours[person.colour];
      made("span", line, this.described(person), {class: "who"});
      const followed = person.id === this.model.following;
      const button = made("button", line, followed ? "Stop following" : "Follow", {type: "button"});
      button.onclick = () => {
        this.follow(person);
        this.dialog.close();
      };
    }
  }
}

export function render({model, el}) {
  const people = new People(model, el);
  model.on("remove", () => people.leave());
}
