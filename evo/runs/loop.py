"""The generational loop: `ask`, evaluate, `tell`, learn.

It yields one record per generation after the engine has bred the next one. The caller logs, saves,
shows and decides when to stop. The record is one line of the log:

    generation            from 0
    evaluations           individuals evaluated since the run began
    best, mean, worst     of the individuals that did not fail (null if all failed)
    quartiles             25, 50 and 75 % of the same
    champion              score of the best individual ever; its mean if the fitness is noisy
                          (`evo.runs.noisy`); of this generation if the fitness learns and its
                          scores cannot be compared with older ones
    champion_generation   when it was found
    figures               the task's own figures of the champion
    engine                the engine's figures of the next population
    failures              failed individuals by kind; `failure` has the reason of one of them
    wall_seconds          seconds since the run began, without pauses; the only field that differs
                          between two runs of the same seed
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
from msgspec import Meta

from evo.core.errors import TooManyFailuresError
from evo.core.interrupt import Interrupted
from evo.core.scores import Scores
from evo.core.state import Count, Positive
from evo.engines import Engine
from evo.fitness.base import Fitness, LearningFitness, figures_of
from evo.runs.noisy import Contest, noisy_champion
from evo.runs.record import checked_figures
from evo.workers.base import Evaluator

Record = dict[str, Any]


class EvaluationInterruptedError(Exception):
    """An evaluation was interrupted; the engine's state is unchanged."""


@dataclass
class Progress:
    """Progress of a run besides its engine's state; stored in checkpoints.

    Attributes:
        evaluations: Number of evaluations of the run.
        wall_seconds: Time of the run in seconds, including the time before a resume.
        figures: The champion's figures, cached until there is a new champion.
        figures_generation: Generation of the champion with these figures; -1 for none.
    """

    evaluations: Count = 0
    wall_seconds: Positive = 0.0
    figures: dict[str, Any] = field(default_factory=dict)
    figures_generation: Annotated[int, Meta(ge=-1, le=1 << 53)] = -1


def _spread(scores: Scores) -> Record:
    finite = scores.total[scores.ok]
    if not len(finite):
        return {"best": None, "mean": None, "worst": None, "quartiles": None}
    return {
        "best": float(finite.max()),
        "mean": float(finite.mean()),
        "worst": float(finite.min()),
        "quartiles": np.percentile(finite, [25, 50, 75]).tolist(),
    }


def _failures(scores: Scores) -> Record:
    if not scores.reasons:
        return {"failures": {}}
    individual, reason = min(scores.reasons.items())
    return {"failures": scores.failures(), "failure": f"individual {individual}: {reason}"}


def _too_many(failed: int, size: int, generation: int, scores: Scores) -> TooManyFailuresError:
    return TooManyFailuresError(
        f"{failed} of {size} individuals failed in generation {generation}; "
        + _failures(scores)["failure"]
    )


def generations(
    engine: Engine[Any],
    fitness: Fitness,
    evaluator: Evaluator,
    progress: Progress,
    max_failures: float = 1.0,
) -> Iterator[Record]:
    """Evolve generation after generation, without end, and yield the records.

    Args:
        engine: Breeds the populations.
        fitness: Scores them; it learns after each generation if it can.
        evaluator: Evaluates the fitness, for example in parallel.
        progress: Updated in place.
        max_failures: Maximum share of failed individuals in a generation, 0 to 1.

    Raises:
        TooManyFailuresError: If more individuals failed. The message has the first reason.
        EvaluationInterruptedError: If an evaluation was interrupted.
    """
    learner = fitness if isinstance(fitness, LearningFitness) else None
    started = time.monotonic() - progress.wall_seconds
    while True:
        generation = engine.generation
        played, told, extra, failed = [], [], 0, 0
        size = engine.awaited
        while engine.generation == generation:  # rounds of a climb, else one
            performers = engine.ask()
            try:
                scores = evaluator.evaluate(fitness, performers, generation)
                is_noisy = learner is None and not fitness.reusable
                contest = (
                    noisy_champion(engine, fitness, evaluator, scores) if is_noisy else Contest()
                )
            except Interrupted:
                raise EvaluationInterruptedError from None
            failed += int((~scores.ok).sum())
            if failed > max_failures * size:
                raise _too_many(failed, size, generation, scores)
            if learner is not None and not learner.reusable:
                engine.forget()
            engine.tell(scores)
            if contest.champion is not None:
                engine.keep(contest.champion)
            played.append(performers)
            told.append(scores)
            extra += contest.evaluations
        champion = engine.champion
        if champion is not None and champion.generation != progress.figures_generation:
            progress.figures = checked_figures(figures_of(fitness, champion.performers))
            progress.figures_generation = champion.generation
        if learner is not None:
            for performers, scores in zip(played, told, strict=True):
                learner.learn(performers, scores, generation)
        scores = Scores.join(told)
        progress.evaluations += len(scores) + extra
        progress.wall_seconds = time.monotonic() - started
        yield {
            "generation": generation,
            "evaluations": progress.evaluations,
            **_spread(scores),
            "champion": champion.score if champion else None,
            "champion_generation": champion.generation if champion else generation,
            "figures": progress.figures,
            "engine": engine.statistics(),
            **_failures(scores),
            "wall_seconds": round(progress.wall_seconds, 3),
        }
