"""What a tick, a footprint and a table row share: hovering one lights the acquisition everywhere."""

HOVERED = """
const at = cb_data.index.indices[0];
const id = at === undefined ? null : cb_data.renderer.data_source.data.id[at];
if (window.nightglassHover !== id) {
  window.nightglassHover = id;
  window.dispatchEvent(new CustomEvent("nightglass:hover", {detail: {id}}));
}
"""
