"""Results to text and JSON; one function a medium, no printing."""
