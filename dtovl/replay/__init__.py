"""Replaying what Power firmware asks Linux to change in its devicetree after a migration."""
