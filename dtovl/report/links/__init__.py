"""What `dtovl links` tells: as text, as JSON, as a drawing, as a page."""
