"""`dtovl probe`: which device binds when, what never does and why, in every form."""
