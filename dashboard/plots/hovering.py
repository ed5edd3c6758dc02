"""What hovering tells the page: which acquisition is lit everywhere, which step of a front is looked at."""

HOVERED = """
const at = cb_data.index.indices[0];
const id = at === undefined ? null : cb_data.renderer.data_source.data.id[at];
if (window.nightglassHover !== id) {
  window.nightglassHover = id;
  window.dispatchEvent(new CustomEvent("nightglass:hover", {detail: {id}}));
}
"""

STEPPED = """
const at = cb_data.index.indices[0];
const {provider, at: moments} = cb_data.renderer.data_source.data;
const detail = at === undefined ? {provider: "", at: null} : {provider: provider[at], at: moments[at]};
if (window.nightglassStep !== detail.at) {
  window.nightglassStep = detail.at;
  window.dispatchEvent(new CustomEvent("nightglass:step", {detail}));
}
"""
"""Hovering a step of a front shows the ground that changed hands in it."""
