"""Findings about trees and overlays, each with a code, a place and a cure."""
