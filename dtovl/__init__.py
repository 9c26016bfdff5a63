"""dtovl: devicetree overlays checked before a board sees them."""
