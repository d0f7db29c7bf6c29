"""The command `edx-assets`: what people do from a shell. The work of stages is in `loading`."""
