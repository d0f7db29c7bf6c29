"""A wheel of the project has all that runs need: not the modules alone."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_MADE = {".pyc"}


def test_every_file_of_the_package_is_in_the_wheel(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "setup.cfg", "README.md"):
        shutil.copy(_ROOT / name, source)
    shutil.copytree(_ROOT / "edx_assets", source / "edx_assets")
    command = ["pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([sys.executable, "-m", *command, str(tmp_path), str(source)], check=True)
    [wheel] = tmp_path.glob("*.whl")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("edx_assets/")}
    files = {
        str(path.relative_to(_ROOT))
        for path in (_ROOT / "edx_assets").rglob("*")
        if path.is_file() and path.suffix not in _MADE
    }
    assert any(name.endswith(".sql") for name in files)
    assert held == files
