"""Coverage of ground by footprints: looks counted per pixel, and the classes and colours that show them."""
