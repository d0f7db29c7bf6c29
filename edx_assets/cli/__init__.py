"""The command `edx-assets`: what a person does from a shell. No stage's work belongs here."""
