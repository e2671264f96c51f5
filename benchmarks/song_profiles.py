"""Measure `evo songs check --profile` on pieces judged by hand, and on folders.

    python benchmarks/song_profiles.py [FOLDER...] [--profile piano] [--list]

The pieces, and how they were judged, are in `tests/helpers/judged_pieces.py`. Printed are the false
refusals and the false acceptances. Of a folder, the share of files that are fit and the number of
files per fault are printed.

Found (profile `piano`): 62 pieces, no false refusal, no false acceptance. The verdicts were written
before the bounds were set, but by the same hand, so other files will do worse. Nearest to a bound
are chords with held notes (`at_once`, when a pedal is written as note lengths) and slight rubato.
"""

# isort: split
import common  # first: it arranges the import path

# isort: split
import tempfile
from pathlib import Path

from judged_pieces import JUDGED

from evo.music.screening.check import Check
from evo.music.screening.demands import PROFILES
from evo.music.song_finder import midi_files


def main() -> None:
    """Check, compare, print."""
    parser = common.parser(__doc__)
    parser.add_argument("folders", nargs="*")
    parser.add_argument("--profile", choices=tuple(PROFILES), default="piano")
    parser.add_argument("--list", action="store_true", help="print every report")
    options = parser.parse_args()
    wrong: dict[bool, list[str]] = {True: [], False: []}
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "piece.mid"
        for name, (fit, write) in JUDGED.items():
            write(path)
            report = Check(PROFILES[options.profile]).file(str(path))
            if options.list:
                print(f"{name}: {report.fit}; {'; '.join(map(str, report.faults))}")
            if report.fit != fit:
                wrong[fit].append(f"{name}: {'; '.join(map(str, report.faults)) or 'fit'}")
    print(f"profile {options.profile}, {len(JUDGED)} pieces judged by hand as piano pieces")
    for title, lines in (("refusals", wrong[True]), ("acceptances", wrong[False])):
        print(f"false {title}: {len(lines)}", *lines, sep="\n  ")
    for folder in options.folders:
        check = Check(PROFILES[options.profile])
        reports = [check.file(path) for path in midi_files(folder, below=True)]
        print(f"{folder}: {check.fit} of {check.pieces} fit, {dict(check.faults)}")
        for report in reports:
            if options.list and not report.fit:
                print(f"  {report}")


if __name__ == "__main__":
    main()
