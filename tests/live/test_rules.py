"""Files of rules: what they say, and the line of what is wrong in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests_live import LEVEL, write_rules
from tympan.errors import ArgumentError
from tympan.live.engine import check
from tympan.live.rules import load_rules, profile_names

WHOLE = """
time_zone = "Europe/Berlin"

[[model]]
name = "sounds"
every_s = 0.5

[[rule]]
name = "glass"
labels = ["glass breaking", "door wood creaks"]
threshold = 0.6
release = 0.4
min_s = 0.5
max_s = 100
cooldown_s = 30
quiet = ["mon-fri 08:00-17:00", "sat"]
actions = ["log"]

[action.log]
type = "log"
path = "events.db"
clips = "clips"
quota_mb = 10
"""


def test_every_key_is_read(tmp_path: Path) -> None:
    rules = load_rules(write_rules(tmp_path, WHOLE))
    (rule,) = rules.rules
    assert (rule.name, rule.labels) == ("glass", ("glass breaking", "door wood creaks"))
    assert (rule.threshold, rule.release, rule.min_s, rule.max_s) == (0.6, 0.4, 0.5, 100)
    assert rule.cooldown_s == 30
    assert len(rule.quiet) == 2
    assert rule.actions == ("log",)
    assert rules.models[0].options == {"every_s": 0.5}
    assert str(rules.zone) == "Europe/Berlin"


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ('threshold = 0.6', 'threshhold = 0.6', 11, "'threshhold' (did you mean threshold?)"),
        ('threshold = 0.6', 'threshold = "high"', 11, "threshold: 'high' is no number"),
        ('release = 0.4', 'release = 0.9', 12, "release 0.9 lies above the threshold"),
        ('min_s = 0.5', 'min_s = -1', 13, "is no length in seconds"),
        ('max_s = 100', 'max_s = 0.1', 14, "max_s 0.1 is not above min_s"),
        ('"sat"]', '"25:00-26:00"]', 16, "'25:00-26:00' are no hours"),
        ('actions = ["log"]', 'actions = ["lgo"]', 17, "no action 'lgo' (did you mean log?)"),
        ('type = "log"', 'type = "logg"', 20, "unknown type 'logg' (did you mean log?)"),
        ('path = "events.db"', '', 19, "the action 'log' has no path"),
        ('quota_mb = 10', 'quota_mb = "10"', 23, "quota_mb is '10'"),
        ('"Europe/Berlin"', '"Mars/Base"', 2, "no time zone 'Mars/Base'"),
        ('[[rule]]', '[rule]', 8, "rule is no list of tables (write [[rule]])"),
        ('name = "glass"', '', 8, "a rule has no name"),
        ('"glass breaking"', '"glas breaking"', 10, "knows (did you mean glass_breaking?)"),
        ('every_s = 0.5', 'every_s = = 0.5', None, "is no TOML"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line: int | None, what: str
) -> None:
    from tympan.live.listener import load_models

    assert WHOLE.count(old) == 1
    path = write_rules(tmp_path, WHOLE.replace(old, new))

    def read() -> None:
        rules = load_rules(path)
        check(rules, load_models(rules.models, "cpu"))

    with pytest.raises(ArgumentError) as caught:
        read()
    message = str(caught.value)
    assert what in message
    assert "\n" not in message
    if line is not None:
        assert f"line {line}:" in message


def test_a_rule_about_a_model_that_does_not_answer(tmp_path: Path) -> None:
    text = '[[rule]]\nname = "a"\nmodel = "other"\n'
    with pytest.raises(ArgumentError, match=r"line 3: .*'other' that does not answer"):
        check(load_rules(write_rules(tmp_path, text)), [LEVEL])


def test_two_rules_of_one_name(tmp_path: Path) -> None:
    text = '[[rule]]\nname = "a"\n[[rule]]\nname = "a"\n'
    with pytest.raises(ArgumentError, match="line 4: two rules are called 'a'"):
        load_rules(write_rules(tmp_path, text))


def test_an_environment_variable_that_is_not_set(tmp_path: Path) -> None:
    action = '[action.h]\ntype = "webhook"\nurl = "https://x"\nsecret_env = "NO_SUCH_X"\n'
    text = f'[[rule]]\nname = "a"\n{action}'
    with pytest.raises(ArgumentError, match="line 6: the environment variable NO_SUCH_X is not"):
        check(load_rules(write_rules(tmp_path, text)), [LEVEL])


@pytest.mark.parametrize("name", profile_names())
def test_profiles_are_right(name: str) -> None:
    from tympan.live.listener import load_models

    rules = load_rules(name)
    models = load_models(rules.models, "cpu") or [LEVEL]
    check(rules, models)


def test_no_such_file_names_the_profiles() -> None:
    with pytest.raises(ArgumentError, match=r"baby-and-home, break-in, machine"):
        load_rules("burglars")
