"""The fitness of programs, and the choice of variations of one song."""

from typing import Any

import numpy as np
import pytest
from critics import few_panel, tunes

from evo.core.seeds import Individuals, Role
from evo.fitness.variation.choosing import APART, choose, for_critics
from evo.fitness.variation.fitness import (
    ALIKE,
    LEVEL,
    LOWEST,
    MARGINS,
    OUT_OF_BOUNDS,
    PER_INSTRUCTION,
    Variation,
)
from evo.fitness.variation.judging import (
    Bounds,
    density,
    likeness,
    likeness_matrix,
    mean_likeness,
)
from evo.fitness.variation.themes import melodies_of, theme_of_song, themes_of
from evo.music.melody import Bar
from evo.music.metre import Metre
from evo.music.song import Song
from evo.music.tunes import tune
from genomes.grid.grids import Grids
from genomes.program.edits import ProgramRates, first_programs
from genomes.program.programs import Programs
from genomes.program.themes import Themes

STREAMS = Individuals(1, Role.EVALUATE, 0, range(1))


def fitness() -> Variation:
    return Variation.of(few_panel())


def score(*program: Any) -> Any:
    return fitness().evaluate(Programs.of([program]), STREAMS)


def one(name: str) -> Themes:
    return theme_of_song(tune(name))


def test_the_key_of_a_song_is_found_and_chords_become_their_highest_note() -> None:
    theme = one("vo-pole-bereza-stoyala")
    assert (theme.tonic.tolist(), theme.minor.tolist()) == ([2], [1])  # D minor
    assert (theme.lead, theme.bar, theme.beat) == (0, 8, 2)
    rolls = tunes()[:3].copy()
    highest = melodies_of(rolls)
    assert highest.sum(axis=2).max() == 1
    assert (highest.any(axis=2) == rolls.any(axis=2)).all()
    chords = np.zeros((1, 4, 13), np.bool_)
    chords[0, 0, [0, 4, 7]] = chords[0, 2, 3] = True
    notes = [(0, 7), (2, 3)]
    assert [tuple(at) for at in np.argwhere(melodies_of(chords)[0]).tolist()] == notes


def test_likeness_and_density_are_those_of_notes() -> None:
    rolls = np.zeros((3, 4, 2), np.bool_)
    rolls[0, [0, 1, 2], 0] = True
    rolls[1, [0, 1], 0] = rolls[1, 2, 1] = True
    assert likeness(rolls[0], rolls[1]) == pytest.approx(2 / 3)
    assert likeness(rolls[2], rolls[2]) == 1
    matrix = likeness_matrix(rolls)
    assert matrix[0].tolist() == pytest.approx([1, 2 / 3, 0])
    assert mean_likeness(rolls) == pytest.approx((2 / 3) / 3)
    assert mean_likeness(np.stack([rolls, rolls[[0, 0, 0]]])).tolist() == pytest.approx([2 / 9, 1])
    assert density(rolls[1], rolls[0]) == 1
    assert density(rolls[1], rolls[2]) == 3
    bounds = Bounds(0.3, 0.65, 0.5, 1.4)
    assert bounds.excess(np.array([0.2, 0.5, 0.75, 0.5]), np.array([1, 1.5, 1, 0.4])).tolist() == (
        pytest.approx([0.1, 0.1, 0.1, 0.1])
    )
    assert bounds.fit(np.array([0.3, 0.66]), np.array([1.4, 1])).tolist() == [True, False]


def test_the_total_is_the_mean_of_what_each_song_lacks() -> None:
    """The songs themselves are out of bounds only, and no better than their level allows."""
    scores = score()
    of = fitness()
    behaviour = scores.behaviour[0]
    assert behaviour.tolist() == [1, 1]
    beyond = OUT_OF_BOUNDS * (1 - of.bounds.inside(*MARGINS).high)
    assert scores.total[0] <= -beyond
    assert scores.total[0] > -beyond - 1
    longer = score(("mode", "everywhere", 1), ("mode", "everywhere", 1))
    assert longer.behaviour.tolist() == [[1, 1]]
    assert longer.total[0] == pytest.approx(scores.total[0] - 2 * PER_INSTRUCTION, abs=1e-5)


def test_outputs_that_are_all_alike_cost_more() -> None:
    class Same:
        """Maps every song to the same notes."""

        def __len__(self) -> int:
            return 1

        def vary(self, themes: Themes) -> Any:
            return np.repeat(themes.onsets[None, :1], len(themes.onsets), axis=1)

    of = fitness()
    cases = of.evaluate(Same(), STREAMS).cases[0] * len(of.themes.onsets)
    own = mean_likeness(of.themes.onsets)
    assert cases.max() < -ALIKE * (1 - own) + 0.01


def test_limits_inside_the_bounds_leave_at_least_half_of_each_range() -> None:
    assert Bounds().inside(0.05, 0.1) == pytest.approx((0.35, 0.6, 0.6, 1.3))
    assert Bounds(0.4, 0.5, 0.9, 1.1).inside(0.05, 0.1) == pytest.approx((0.425, 0.475, 0.95, 1.05))


def test_the_price_by_critics_is_the_mean_of_all_guides_below_their_own_levels() -> None:
    panel, of = few_panel(), fitness()
    programs = Programs.of([[("transpose", "even bars", 1)], [("retrograde", "everywhere", -4)]])
    songs = of.themes.onsets
    varied = programs.vary(of.themes)
    price = np.zeros(varied.shape[:2])
    for index, guide in enumerate(of.guides):
        unknown = panel.songs[panel.unknown(index)]
        level = np.quantile(guide.judge(unknown), LEVEL)
        judged = np.array([guide.judge(rolls) for rolls in varied])
        price += np.clip(level - judged, 0, LOWEST) / len(of.guides)
    inside = of.bounds.inside(*MARGINS)
    price += OUT_OF_BOUNDS * inside.excess(likeness(varied, songs), density(varied, songs))
    alike = np.maximum(mean_likeness(varied) - mean_likeness(songs), 0)
    price += (ALIKE * alike + PER_INSTRUCTION)[:, None]
    assert of.evaluate(programs, STREAMS).total == pytest.approx(-price.mean(axis=1))


def test_the_search_knows_neither_the_held_out_critic_nor_its_unseen_songs() -> None:
    panel, of = few_panel(), fitness()
    known = np.flatnonzero(panel.fold < 2)
    assert (of.themes.onsets == panel.songs[known]).all()
    assert (of.unseen.onsets == panel.songs[panel.fold == 2]).all()
    assert of.held_out is panel.critics[2]
    assert of.guides == panel.critics[:2]


def test_other_genome_kinds_are_refused_in_one_line() -> None:
    grids = Grids(np.zeros((1, 128, 13), np.bool_))
    with pytest.raises(TypeError, match=r"melodies to melodies \(program\), not Grids"):
        fitness().evaluate(grids, STREAMS)


def test_figures_tell_unseen_songs_by_the_held_out_critic() -> None:
    of = fitness()
    program = Programs.of([[("transpose", "even bars", 1)]])
    figures = of.figures(program)
    varied = program.vary(of.unseen)[0]
    songs = of.unseen.onsets
    good = (of.held_out.judge(varied) >= np.quantile(of.held_out.judge(songs), 0.25)) & (
        of.bounds.fit(likeness(varied, songs), density(varied, songs))
    )
    assert figures["unseen_good"] == pytest.approx(good.mean(), abs=1e-4)
    assert figures["solved"] is False


def chosen(name: str, count: int, bounds: Bounds = Bounds()) -> tuple[Any, Any]:  # noqa: B008
    programs, of = first_programs(ProgramRates(), 200, np.uint64(4)), fitness()
    theme = one(name)
    varied = programs.vary(theme)[:, 0]
    scores = np.linspace(1, 0, len(programs))
    return choose(of.guides, bounds, theme, varied, scores, count), theme


def test_variations_of_a_song_are_within_bounds_and_differ() -> None:
    found, theme = chosen("bingo", 4)
    assert len(found.programs) == 4
    assert (np.diff(found.likeness) <= 0).all()
    assert Bounds().fit(found.likeness, found.density).all()
    assert likeness_matrix(found.rolls)[~np.eye(4, dtype=bool)].max() < APART
    assert found.likeness.tolist() == likeness(found.rolls, theme.onsets[0]).tolist()
    assert np.isfinite(found.critic).all()


def test_there_may_be_fewer_variations_than_wanted() -> None:
    assert 4 < len(chosen("bingo", 100)[0].programs) < 100
    none = chosen("bingo", 4, Bounds(0.99, 0.995))[0]
    assert len(none.programs) == 0
    assert none.rolls.shape == (0, 128, 13)


def test_critics_read_a_finer_song_with_a_pickup_from_its_first_bar_on() -> None:
    bars, coarse = few_panel().bars, tune("ode-to-joy")
    rolls = coarse.onsets[None]
    assert (for_critics(bars, theme_of_song(coarse), rolls) == rolls).all()
    fine = np.zeros((1, 6 + 256, 13), np.bool_)
    fine[0, 6::2] = rolls[0]
    fine[0, 4, 3] = fine[0, 7, 12] = True  # a pickup, and a note between steps
    song = Song(fine[0], steps_per_beat=4, metre=Metre(4, 4, first_bar=6))
    read = for_critics(bars, theme_of_song(song), fine)
    assert read is not None
    assert read.shape == rolls.shape
    assert np.flatnonzero(read[0, 0]).tolist() == [12]
    assert (read[0, 1:] == rolls[0, 1:]).all()
    leading = for_critics(bars._replace(lead=8), theme_of_song(song), fine)
    assert leading is not None
    assert (leading[:, 8:] == read).all()
    assert np.argwhere(leading[0, :8]).tolist() == [[7, 3]]


def test_a_song_with_other_bars_is_varied_by_the_programs_scores() -> None:
    onsets = np.zeros((48, 13), np.bool_)
    onsets[np.arange(0, 48, 2), np.tile([0, 4, 7, 5, 2, 9], 4)] = True
    theme = themes_of(onsets[None], Bar(6, 2, 6))
    of = fitness()
    bars = of.held_out.bars
    assert for_critics(bars, theme, theme.onsets) is None
    assert for_critics(bars, one("bingo"), tunes()[:, :31]) is None
    programs = first_programs(ProgramRates(), 200, np.uint64(4))
    found = choose(of.guides, of.bounds, theme, programs.vary(theme)[:, 0], -np.arange(200.0), 3)
    assert len(found.programs) == 3
    assert np.isnan(found.critic).all()
    assert sorted(found.programs)[0] < 20


def test_no_rolls_have_no_likeness() -> None:
    assert likeness_matrix(np.zeros((0, 8, 3), np.bool_)).shape == (0, 0)
