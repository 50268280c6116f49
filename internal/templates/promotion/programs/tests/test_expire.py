"""What a lifecycle rule deletes in a bucket that is a folder, and what it must leave alone."""

import json
import os
import time

import pytest

from mlops import expire

DAY = 24 * 60 * 60


@pytest.fixture
def bucket(tmp_path):
    return tmp_path / "bucket"


def put(bucket, name, days):
    path = bucket / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x", encoding="utf-8")
    at = time.time() - days * DAY
    os.utime(path, (at, at))
    return path


def run(bucket, capsys, *args, prefix="tmp/", days=30, noncurrent=0):
    rule = {
        "folder": str(bucket),
        "prefix": prefix,
        "expire_after_days": days,
        "noncurrent_expire_after_days": noncurrent,
    }
    code = expire.main(["--rules", json.dumps([rule]), *args])
    out, err = capsys.readouterr()
    return code, out + err


def test_deletes_old_files_below_the_prefix_only(bucket, capsys):
    old, new, other = put(bucket, "tmp/a/old", 31), put(bucket, "tmp/new", 29), put(bucket, "models/m/1/old", 400)
    code, said = run(bucket, capsys)
    assert code == 0
    assert "1 files older than 30 days deleted" in said
    assert not old.exists() and not old.parent.exists()
    assert new.exists() and other.exists()


def test_prefix_is_that_of_the_path_not_of_a_folder(bucket, capsys):
    beside, inside = put(bucket, "tmp2/x", 31), put(bucket, "a/tmp/x", 31)
    assert run(bucket, capsys)[0] == 0
    assert beside.exists() and inside.exists()
    assert run(bucket, capsys, prefix="tmp")[0] == 0
    assert not beside.exists() and inside.exists()


def test_no_prefix_means_all_and_keeps_the_folder_itself(bucket, capsys):
    put(bucket, "a/b/c", 31)
    assert run(bucket, capsys, prefix="")[0] == 0
    assert bucket.is_dir() and list(bucket.iterdir()) == []


@pytest.mark.parametrize("prefix", ["../", "..", "/etc", "/", "./", "*", "[a]"])
def test_no_prefix_leads_out_of_the_bucket(bucket, capsys, prefix):
    outside, inside = put(bucket.parent, "outside", 400), put(bucket, "tmp/x", 400)
    assert run(bucket, capsys, prefix=prefix)[0] == 0
    assert outside.exists() and inside.exists()


def test_a_link_goes_and_what_it_leads_to_stays(bucket, capsys):
    outside = put(bucket.parent, "outside/old", 400)
    put(bucket, "tmp/keep", 1)
    (bucket / "tmp" / "folder").symlink_to(outside.parent)
    (bucket / "tmp" / "file").symlink_to(outside)
    os.utime(bucket / "tmp" / "file", (0, 0), follow_symlinks=False)
    assert run(bucket, capsys)[0] == 0
    assert outside.exists()
    assert not (bucket / "tmp" / "file").is_symlink()


def test_dry_run_deletes_nothing(bucket, capsys):
    old = put(bucket, "tmp/old", 31)
    code, said = run(bucket, capsys, "--dry-run")
    assert code == 0 and old.exists()
    assert "1 files older than 30 days would go" in said


def test_says_that_a_folder_keeps_no_older_versions(bucket, capsys):
    old = put(bucket, "old", 400)
    code, said = run(bucket, capsys, prefix="", days=0, noncurrent=90)
    assert code == 0 and old.exists()
    assert "keeps no older versions" in said


def test_what_cannot_be_deleted_is_told_and_stops_nothing_else(bucket, capsys, monkeypatch):
    bad, good = put(bucket, "tmp/bad", 31), put(bucket, "tmp/good", 31)
    unlink = type(bad).unlink

    def refuse(self, missing_ok=False):
        if self.name == "bad":
            raise PermissionError(13, "Permission denied", str(self))
        unlink(self, missing_ok=missing_ok)

    monkeypatch.setattr(type(bad), "unlink", refuse)
    code, said = run(bucket, capsys)
    assert code == 1
    assert f"{bad}: Permission denied" in said
    assert bad.exists() and not good.exists()


@pytest.mark.parametrize("text", ["", "{}x", "[1]", '[{"folder": "/x"}]', "null"])
def test_broken_rules_delete_nothing(capsys, text):
    assert expire.main(["--rules", text]) == 2
    assert "not a list of rules" in capsys.readouterr().err


def test_negative_days_delete_nothing(bucket, capsys):
    old = put(bucket, "tmp/old", 31)
    assert run(bucket, capsys, days=-1)[0] == 2
    assert old.exists()


def test_a_folder_that_is_not_there_is_an_error(bucket, capsys):
    code, said = run(bucket, capsys)
    assert code == 1
    assert "is not there" in said
