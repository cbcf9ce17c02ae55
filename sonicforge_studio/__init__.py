"""SonicForge Studio: generate, analyse, master and catalogue music on your own machine."""

import os

import platformdirs

__version__ = "0.1.0"

# Numba reads this once, when it is first imported, so it has to stand before any room is. It is the user's cache
# folder and not the data folder: a new SONICFORGE_HOME then compiles nothing anew.
os.environ.setdefault("NUMBA_CACHE_DIR", str(platformdirs.user_cache_path("sonicforge-studio") / "numba"))
# Files are measured side by side, a thread each: threads that OpenBLAS adds to a product of a few thousand numbers only
# wait in each other's way. It too reads this once, when NumPy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
