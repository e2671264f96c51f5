"""Measure runs under faults: killed, signalled, on failing disks, with damaged and hostile files.

    python benchmarks/faults.py [WHAT ...] [--times N]

    disk       every file operation of a run and of a resume fails: disk full, I/O error, death
    kill       N times per engine SIGKILL at a random instant, half of them while saving
    signals    SIGINT and SIGTERM at N random instants of a run with two workers, each
    twice      a second resume of a running run, and one after SIGKILL of the holder
    damage     N flipped bits, N truncations, every swap of files between two checkpoints
    hostile    checkpoints and MIDI files made to do harm: seconds and memory of each
    saving     every 1, 7, or no generation, changed at a resume
    memory     resident memory after a tenth of N generations and after N, each engine

Without WHAT all of them. Prints a line for each, and exits with 1 if a promise was broken.
"""

import common  # first: it arranges the import path

# isort: split
import argparse
import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import hostile
from disturbing import (
    ENGINES,
    check_checkpoints,
    disturbed,
    go_on,
    killed_any_time,
    killed_in_save,
    outcome,
    session_of,
    small,
    start,
    undrawn,
)
from failing_disk import BROKEN, DEATH, FULL, exit_code, in_child
from running import Killed, Watcher, begin_process, resume, wait_for_generations

from evo.core.config import Config
from evo.core.errors import CheckpointError, MidiError, RunError
from evo.music.song import Song
from evo.runs import checkpoint

OFTEN: dict[str, Any] = {"stop": {"generations": 5}, "checkpoints": {"every": 1}}


def undisturbed(folder: Path, config: Config) -> Any:
    """Return how an undisturbed run ends; it is carried out twice, so that all is compiled."""
    start(folder / "compiling", config)
    return outcome(folder / "alone", start(folder / "alone", config))


def killed_run(path: Path) -> None:
    """Make an interrupted run with a few checkpoints."""
    with suppress(Killed):
        start(path, small("neat", checkpoints={"every": 1}), Watcher(kill_after=3))


def disk(folder: Path, times: int) -> bool:
    """Let every file operation fail, or as many as `times`."""
    config = small("neat", stop={"generations": 3}, checkpoints={"every": 1})
    wanted = undisturbed(folder, config)
    killed = folder / "killed"
    with suppress(Killed):
        start(killed, config, Watcher(kill_after=2))
    right = True
    for begun, fault in itertools.product((False, True), (FULL, BROKEN, DEATH)):
        failures = good = 0
        for n in range(1, times + 1):
            path = folder / "disturbed"
            shutil.rmtree(path, ignore_errors=True)
            if begun:
                shutil.copytree(killed, path)
            try:
                failed, found = disturbed(path, config, n, fault, begun)
            except (AssertionError, CheckpointError, RunError) as error:
                print(f"  operation {n}: {error}", flush=True)
                failed, found = True, None
            if not failed:
                break
            failures += 1
            good += found == wanted
        what = "resume" if begun else "run"
        print(f"disk     {fault} at each of {failures} operations of a {what}: {good} lost nothing")
        right &= good == failures > 0
    return right


def kill(folder: Path, times: int) -> bool:
    """Kill runs, half of them while saving; each run is killed once."""
    right = True
    chance = random.Random(1)
    for engine in ENGINES:
        config = small(engine, **OFTEN)
        wanted = undisturbed(folder / engine, config)
        begun = time.perf_counter()
        start(folder / engine / "timed", config)
        seconds = time.perf_counter() - begun
        kills = saving = good = 0
        while kills < times:
            path = folder / engine / f"{kills}"
            if kills % 2:
                killed = killed_in_save(path, config, chance)
                saving += killed
            else:
                killed = killed_any_time(path, config, chance.uniform(0.0, seconds))
            if not killed:  # it was through before
                shutil.rmtree(path)
                continue
            kills += 1
            check_checkpoints(path)
            good += outcome(path, go_on(path, config)) == wanted
            shutil.rmtree(path)
        print(f"kill     {engine}: {kills} kills, {saving} of them while saving, {good} the same",
              flush=True)  # fmt: skip
        right &= good == kills
    return right


def signals(folder: Path, times: int) -> bool:
    """Signal runs at any time; one whose command has not begun is killed by it."""
    chance = random.Random(2)
    right = True
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        codes: dict[int, int] = {}
        longest, left, checkpoints = 0.0, 0, 0
        for turn in range(times):
            path = folder / f"{number}-{turn}"
            process = begin_process(
                "run", "xor", "--population", "50", "--workers", "2", "--generations", "60",
                "--set", "stop.solved=false", "--set", "checkpoints.every=3", "--out", str(path),
                session=True,
            )  # fmt: skip
            time.sleep(chance.uniform(0.3, 6.0))
            sent = time.perf_counter()
            over = process.poll() is not None
            process.send_signal(number)
            output, _ = process.communicate()
            longest = max(longest, time.perf_counter() - sent)
            if over:
                shutil.rmtree(path)
                continue
            codes[process.returncode] = codes.get(process.returncode, 0) + 1
            if "Traceback" in output:
                print(output, flush=True)
                right = False
            time.sleep(0.2)  # for multiprocess's resource tracker to see that it is alone
            left += len(session_of(process.pid))
            if (path / "config.toml").exists():
                checkpoints += check_checkpoints(path) > 0
                subprocess.run([*common.EVO, "resume", str(path)], check=True, capture_output=True)
            shutil.rmtree(path, ignore_errors=True)
        counted = ", ".join(f"{count} exit {of}" for of, count in sorted(codes.items()))
        print(f"signals  {number.name}: {counted}; {checkpoints} with checkpoints; longest "
              f"{longest:.1f} s; {left} processes left", flush=True)  # fmt: skip
        right &= set(codes) <= {code, -number, 0} and left == 0 and longest < 5
    return right


def twice(folder: Path, times: int) -> bool:
    """Resume a run twice, with the start of the command and without."""
    del times
    path = folder / "run"
    process = begin_process(
        "run", "xor", "--generations", "1000000", "--set", "stop.solved=false", "--out", str(path)
    )
    wait_for_generations(process, path, 20)
    began = time.perf_counter()
    ended = subprocess.run([*common.EVO, "resume", str(path)], capture_output=True, text=True)
    command = time.perf_counter() - began
    began = time.perf_counter()
    try:
        resume(path)
        refused = False
    except RunError as error:
        refused = "another process is at work" in str(error)
    alone = time.perf_counter() - began
    process.kill()
    process.wait()
    began = time.perf_counter()
    result = resume(path, stop={"generations": 1})
    after = time.perf_counter() - began
    print(f"twice    refused: {refused} after {alone:.2f} s ({command:.2f} s with the command's "
          f"start, exit {ended.returncode}); after SIGKILL of the holder {result['status']} within "
          f"{after:.2f} s")  # fmt: skip
    return refused and alone < 1 and ended.returncode == 2


def damage(folder: Path, times: int) -> bool:
    """Damage a real checkpoint; a load that raises nothing is a wrong one."""
    killed_run(folder / "run")
    one, other = sorted((folder / "run" / "checkpoints").iterdir())[-2:]
    whole = {file.name: file.read_bytes() for file in one.iterdir()}
    chance = random.Random(3)
    damaged = folder / one.name
    damaged.mkdir()

    def refused(files: dict[str, bytes]) -> bool:
        for name, content in files.items():
            (damaged / name).write_bytes(content)
        try:
            checkpoint.load(damaged)
        except CheckpointError:
            return True
        return False

    assert not refused(whole)
    wrong = dict.fromkeys(("flips", "truncations", "swaps"), 0)
    for _ in range(times):
        name = chance.choice(sorted(whole))
        content = bytearray(whole[name])
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        wrong["flips"] += not refused(whole | {name: bytes(content)})
        name = chance.choice(sorted(whole))
        cut = whole[name][: chance.randrange(len(whole[name]))]
        wrong["truncations"] += not refused(whole | {name: cut})
    swaps = 0
    for count in (1, 2):
        for names in itertools.combinations(sorted(whole), count):
            foreign = {name: (other / name).read_bytes() for name in names}
            wrong["swaps"] += not refused(whole | foreign)
            swaps += 1
    print(f"damage   {times} flips, {times} truncations, {swaps} swaps; wrong loads: {wrong}")
    return not any(wrong.values())


def harm(work: Callable[[], None], error: type[Exception]) -> tuple[bool, float, float]:
    """Return whether work raises the error, its seconds, and the MB by which peak memory grew."""
    read, write = os.pipe()

    def watched() -> int:
        def peak() -> int:
            text = Path("/proc/self/status").read_text()
            return int(text.partition("VmHWM:")[2].split()[0])

        Path("/proc/self/clear_refs").write_text("5")
        before, began = peak(), time.perf_counter()
        try:
            work()
            raised = False
        except error as raised_error:
            raised = "\n" not in str(raised_error)
        seconds = time.perf_counter() - began
        os.write(write, f"{int(raised)} {seconds} {(peak() - before) / 1000}".encode())
        return 0

    code = exit_code(in_child(watched))
    os.close(write)
    found = os.read(read, 100).decode()
    os.close(read)
    if code != 0:
        return False, 0.0, 0.0
    raised, seconds, grown = found.split()
    return raised == "1", float(seconds), float(grown)


def hostile_files(folder: Path, times: int) -> bool:
    """Read each file in a process of its own that has imported everything."""
    del times
    right = True
    for kind, names in (("checkpoint", hostile.checkpoints()), ("MIDI", hostile.MIDI)):
        refused, longest, most = 0, (0.0, ""), (0.0, "")
        for name in names:
            path = folder / "x" / "gen-000120"
            shutil.rmtree(path.parent, ignore_errors=True)
            path.parent.mkdir()
            if kind == "MIDI":
                path.write_bytes(hostile.MIDI[name])
                raised, seconds, grown = harm(lambda path=path: Song.load(path), MidiError)
            else:
                hostile.checkpoints()[name](path)
                raised, seconds, grown = harm(
                    lambda path=path: checkpoint.load(path), CheckpointError
                )
            if not raised:
                print(f"  {kind}, {name}: not refused", flush=True)
            refused += raised
            longest, most = max(longest, (seconds, name)), max(most, (grown, name))
        print(f"hostile  {kind}: {refused} of {len(names)} refused; longest {longest[0]:.2f} s "
              f"({longest[1]}), most memory +{most[0]:.0f} MB ({most[1]})", flush=True)  # fmt: skip
        right &= refused == len(names) and longest[0] < 1 and most[0] < 200
    return right and not (folder / "x" / "sprung").exists()


def saving(folder: Path, times: int) -> bool:
    """Change from every interval to every other where the run was killed."""
    del times
    right = True
    for engine in ENGINES:
        wanted = undisturbed(folder / engine, small(engine, stop={"generations": 16}))
        same = count = 0
        for every, then in itertools.product((1, 7, 0), (1, 7, 0)):
            path = folder / engine / f"{every}-{then}"
            config = small(engine, stop={"generations": 16}, checkpoints={"every": every})
            try:
                start(path, config, Watcher(kill_after=9))
            except Killed:
                same += outcome(path, resume(path, checkpoints={"every": then})) == wanted
            count += 1
        print(f"saving   {engine}: {same} of {count} the same", flush=True)
        right &= same == count
    return right


def memory(folder: Path, times: int) -> bool:
    """Weigh every engine in a process of its own; all is compiled at the tenth."""
    right = True
    for engine in ENGINES:
        read, write = os.pipe()

        class Weighing(Watcher):
            def record(self, record: dict[str, Any], write: int = write) -> None:
                if record["generation"] + 1 in (times // 10, times):
                    status = Path("/proc/self/status").read_text()
                    os.write(write, status.partition("VmRSS:")[2].split()[0].encode() + b" ")

        def work(engine: str = engine, kind: type[Watcher] = Weighing) -> int:
            config = small(engine, stop={"generations": times})
            start(folder / engine, config, kind())
            return 0

        code = exit_code(in_child(work))
        os.close(write)
        weights = [int(text) / 1000 for text in os.read(read, 100).split()]
        os.close(read)
        if code != 0 or len(weights) != 2:
            print(f"memory   {engine}: exit code {code}")
            right = False
            continue
        early, late = weights
        print(f"memory   {engine}: {early:.0f} MB after {times // 10} generations, {late:.0f} MB "
              f"after {times}: {late / early - 1:+.1%}", flush=True)  # fmt: skip
        right &= late < 1.2 * early
    return right


# What is tried, and how often without --times.
TRIALS: dict[str, tuple[Callable[[Path, int], bool], int]] = {
    "disk": (disk, 1000),
    "kill": (kill, 50),
    "signals": (signals, 10),
    "twice": (twice, 1),
    "damage": (damage, 2000),
    "hostile": (hostile_files, 1),
    "saving": (saving, 1),
    "memory": (memory, 2000),
}


def main() -> None:
    """Carry out the trials that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", nargs="*", metavar="WHAT", help=", ".join(TRIALS))
    parser.add_argument("--times", type=int)
    options = parser.parse_args()
    unknown = set(options.what) - set(TRIALS)
    if unknown:
        parser.error(f"there is no {min(unknown)}; there is {', '.join(TRIALS)}")
    undrawn()
    right = True
    for name in options.what or TRIALS:
        trial, times = TRIALS[name]
        with tempfile.TemporaryDirectory() as folder:
            right &= trial(Path(folder), options.times or times)
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
