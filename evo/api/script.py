"""The command line of a user's script."""

import sys

from evo.core.user_scripts import is_loading


def main() -> None:
    """Run the command line of this script's experiment.

    `python my_experiment.py run --seed 3` is `evo run my_experiment.py --seed 3`, and `python
    my_experiment.py resume RUN` is `evo resume RUN --script my_experiment.py`. The other commands
    are those of `evo`.
    """
    if is_loading():  # `evo run my_experiment.py` is loading the script
        return
    from evo.cli.main import main_of

    main_of(sys.argv[0], sys.argv[1:])
