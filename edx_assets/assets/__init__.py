"""Software-defined assets, a module a stage, thin over `loading`."""
