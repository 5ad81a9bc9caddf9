"""The search from the first trial to the repeated winner; to carry on, it is conducted again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import optuna
from filelock import Timeout
from optuna.trial import TrialState
from rich.console import Console
from rich.live import Live
from rich.text import Text

from digitforge import files
from digitforge.errors import RunError
from trainer.runs import CONFIG_FILE
from trainer.search import outcome, plots
from trainer.search.outcome import Candidate
from trainer.search.plan import Plan
from trainer.search.space import Space
from trainer.search.storage import Trials, lock_of
from trainer.search.table import Row, best, cells, differs, outcome_table, row, trials_table
from trainer.search.trial import End, Reading, command, read, run

RESULTS_FILE = "results.json"
FORMAT = 1
"""Of results.json."""
WINNER_FILE = "winner.txt"


@dataclass
class Search:
    """One process's part of a search."""

    space: Space
    name: str
    folder: Path
    study: optuna.Study
    trials: Trials
    data_dir: Path | None
    console: Console
    live: Live
    _now: dict[int, Reading] = field(default_factory=dict)
    """What this process trains."""
    _candidates: list[Candidate] = field(default_factory=list)
    _began: bool = False
    """Whether a launch of this sitting has trained."""
    _held: list[tuple[optuna.Trial, End]] = field(default_factory=list)
    """Trials that could not begin, until one has."""

    def conduct(self) -> None:
        """Train what trials are left, then repeat the winner. Raises RunError where none can begin, or none succeeded.

        However this is left, results.json and the plots say what was found, and conducting again carries on.
        """
        try:
            while trial := self.trials.take():
                try:
                    self._train(trial)
                except optuna.exceptions.UpdateFinishedTrialError:
                    self.console.print(f"Trial {trial.number} was given up by another machine's --abandon-others.")
                    self._now.pop(trial.number, None)
                    self.trials.release(trial.number)
            if self._held and all(each.state == "running" for each in self.rows()):
                raise RunError(f"No trial could begin: {self._held[0][1].sentence}")
            self._settle()
            if others := self.trials.running():
                numbers = ", ".join(str(each.number) for each in others)
                self.console.print(
                    f"Trials {numbers} still run elsewhere; who ends last repeats the winner. (Where their machine is "
                    "gone: the same command with --abandon-others.)"
                )
                return
            self._repeat()
        finally:
            self._write()
            plots.draw(self.study, list(self.space.search), self.space.objective, self.folder)

    def rows(self) -> list[Row]:
        """The trials as they stand."""
        rows = [row(each) for each in self.study.get_trials(deepcopy=False)[: self.space.trials]]
        return [replace(each, reading=self._now.get(each.number, each.reading)) for each in rows]

    def _train(self, trial: optuna.Trial) -> None:
        space, number = self.space, trial.number
        plan = self.study.sampler
        assert isinstance(plan, Plan)
        values = trial.user_attrs.get("values") or plan.suggest(trial)
        trial.set_user_attr("values", values)
        twins = [each for each in self.rows() if each.state == "finished" and each.values == values]
        if twins and self.space.images:  # training is repeatable: it would come to the same
            self._end(trial, End(twins[0].reading))
            return
        reported = set(self.study.get_trials(deepcopy=False)[number].intermediate_values)

        def watch(reading: Reading) -> bool:
            self._now[number] = reading
            for step in sorted(reading.steps.keys() - reported):
                trial.report(reading.steps[step], step)
                reported.add(step)
                # The preset is what all others are compared with: it is never pruned.
                if number and not reading.finished and trial.should_prune():
                    return True
            self._show()
            return False

        run_dir = self.folder / f"trial-{number:03d}"
        resumed, before = (run_dir / CONFIG_FILE).is_file(), read(space, run_dir).images
        end = run(command(space, values, 0, run_dir, self.data_dir), space, run_dir, watch)
        # Where a launch stopped before it trained at all, and none has trained in this sitting, the fault may be none
        # of the trial's: no data, no disk.
        began = (run_dir / CONFIG_FILE).is_file() and not (resumed and end.reading.images == before)
        if end.sentence and not began and not self._began:
            self._hold(trial, end)
            return
        self._began = True
        self._settle()
        self._end(trial, end)

    def _hold(self, trial: optuna.Trial, end: End) -> None:
        """Keep an early failure open, to be tried again. Raises RunError for a second one of the same reason."""
        same = [other for other, held in self._held if held.sentence == end.sentence]
        if same:
            raise RunError(
                f"Trials {same[0].number} and {trial.number} could not begin, both for the same reason, so nothing "
                f"more is started: {end.sentence}"
            )
        self._held.append((trial, end))
        self.console.print(Text(f"trial {trial.number} could not begin: {end.sentence}", "yellow"))

    def _settle(self) -> None:
        while self._held:
            self._end(*self._held.pop())

    def _end(self, trial: optuna.Trial, end: End) -> None:
        for key, value in (
            ("images", end.reading.images),
            ("seconds", end.reading.seconds),
            ("sentence", end.sentence),
        ):
            trial.set_user_attr(key, value)
        if end.pruned or end.sentence:
            self.study.tell(trial, state=TrialState.PRUNED if end.pruned else TrialState.FAIL)
        else:
            self.study.tell(trial, end.reading.score)
        self._now.pop(trial.number, None)
        self.trials.release(trial.number)
        self._write()
        if not self.console.is_terminal:
            told = cells(self.space, self.rows()[trial.number])
            self.console.print(
                Text(f"trial {told[0]}: {told[2]} after {told[3]} images, {told[4] or 'no score'}, {told[1]}")
            )

    def _repeat(self) -> None:
        rows = self.rows()
        winner = best(rows, self.space.lower)
        if winner is None:
            reasons = "; ".join(sorted({each.sentence for each in rows if each.sentence})) or "all were pruned"
            raise RunError(f"No trial came to its end ({reasons}): the space needs other values.")
        again = [each for each in rows if each.number in (0, winner.number) and each.state == "finished"]
        try:
            with lock_of(self.folder, "repeats"):
                self._candidates = [self._candidate(each) for each in again]
        except Timeout:
            self.console.print("The winner is being repeated by another process.")
            return
        best_one = self._candidates[-1]
        as_command = outcome.command_line(self.name, self.space, best_one, self.data_dir)
        as_row = outcome.preset_row(self.name, self.space, best_one)
        files.write_text(self.folder / WINNER_FILE, f"{as_command}\n\n# A row of PRESETS:\n{as_row}")
        self.live.stop()
        self.console.print(trials_table(self.space, rows, self.console.height))
        self.console.print(outcome_table(self.space, self._candidates))
        self.console.print(f"The winner as a command and as a preset: {self.folder / WINNER_FILE}", markup=False)

    def _candidate(self, of: Row) -> Candidate:
        ends = [End(of.reading)]
        for seed in range(1, self.space.repeats + 1):
            run_dir = self.folder / f"trial-{of.number:03d}-seed-{self.space.seed + seed}"
            told = f"trial {of.number} ({differs(self.space, of.values)}) again, seed {self.space.seed + seed}"

            def watch(reading: Reading, told: str = told) -> bool:
                if self.console.is_terminal:
                    self.live.update(Text(f"{told}: {reading.images:,} images"), refresh=True)
                return False

            done = read(self.space, run_dir)
            arguments = command(self.space, of.values, seed, run_dir, self.data_dir)
            end = End(done) if done.finished else run(arguments, self.space, run_dir, watch)
            if not self.console.is_terminal:
                self.console.print(Text(f"{told}: {end.sentence or end.reading.score}"))
            ends.append(end)
        return Candidate(of.number, of.values, tuple(ends))

    def _show(self) -> None:
        if self.console.is_terminal:
            self.live.update(trials_table(self.space, self.rows(), self.console.height - 6), refresh=True)

    def _write(self) -> None:
        rows = self.rows()
        winner = best(rows, self.space.lower)
        results: dict[str, Any] = {
            "format": FORMAT,
            "name": self.name,
            "space": self.space.to_json(),
            "better": "lower" if self.space.lower else "higher",
            "best": winner and winner.number,
            "trials": [each.to_json() for each in rows],
            "repeated": [each.to_json() for each in self._candidates],
        }
        files.write_json(self.folder / RESULTS_FILE, results)
