"""The builders of small studies and of whole reports stand with the tests of these."""

import sys
from pathlib import Path

UNIT = Path(__file__).parents[1]
sys.path[:0] = [str(UNIT / "evidence"), str(UNIT / "report")]
