"""The builders of small studies stand with the tests of the evidence."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "evidence"))
