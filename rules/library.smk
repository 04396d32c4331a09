# Where the library is: a checkout brings it along; to a module from a git host it must be installed.

import sys

from snakemake.exceptions import WorkflowError

HERE = workflow.current_basedir
ROOT = Path(str(HERE)).parent
if ROOT.is_dir():
    sys.path.insert(0, str(ROOT / "src"))
try:
    from resweep.errors import InputError
    from resweep.workflow import bundle
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "resweep":
        raise
    raise WorkflowError(
        "This workflow needs its library beside it: pip install 'resweep[workflow]', of the same "
        "version."
    ) from None
if not ROOT.is_dir():
    ROOT = bundle.folder()
    try:
        bundle.check_rules(lambda name: workflow.sourcecache.open(HERE.join(name)).read())
    except InputError as error:
        raise WorkflowError(str(error)) from None
