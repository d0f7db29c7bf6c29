"""Tests of `edx_assets.loading.retired`."""
