"""`dtovl simulate`: what a run of a scenario breaks, how it came to that, in every form."""
