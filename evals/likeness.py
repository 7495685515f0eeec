"""How like human captions the captions of photos are, by the measures that captioners report.

CIDEr, BLEU-4 and ROUGE-L are plain Python in `pycocoevalcap`. METEOR is a Java program within it.
SPICE is one as well, but wants CoreNLP beside it, and from Java 15 on a JavaScript engine:

    mvn -q -f evals/spice/pom.xml dependency:copy-dependencies -DoutputDirectory=FOLDER

gets both (400 MB), and `--spice FOLDER` names them. A measure whose program is not there is left
out, aloud.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean

Captions = Mapping[int, str]
References = Mapping[int, Sequence[str]]

# SPICE's libraries look into Java's own classes.
_OPENED = ("lang", "util", "math", "net", "text", "util.concurrent")


def plain(caption: str) -> str:
    """Lower-case words without punctuation, as the COCO caption server compares them."""
    words = re.findall(r"[a-z0-9]+|'[a-z]+", caption.lower().replace("’", "'"))
    return " ".join(words)


class Judge:
    """The measures that can be taken here, times 100."""

    def __init__(self, spice: Path | None = None) -> None:
        """`spice` is a folder with the jars that SPICE wants beside its own."""
        self._spice = spice
        has_java = shutil.which("java") is not None
        self.names = ["CIDEr", "BLEU-4", "ROUGE-L"]
        self.left_out: list[str] = []
        if has_java:
            self.names.append("METEOR")
        else:
            self.left_out.append("METEOR: there is no java.")
        if has_java and spice is not None:
            self.names.append("SPICE")
        else:
            self.left_out.append("SPICE: wants java and --spice FOLDER (see evals/likeness.py).")

    def scores(self, said: Captions, references: References) -> list[float]:
        """One number for each of `names`."""
        from pycocoevalcap.bleu.bleu import Bleu
        from pycocoevalcap.cider.cider import Cider
        from pycocoevalcap.meteor.meteor import Meteor
        from pycocoevalcap.rouge.rouge import Rouge

        answers = {number: [plain(caption)] for number, caption in said.items()}
        people = {number: [plain(c) for c in references[number]] for number in said}
        found = [
            Cider().compute_score(people, answers)[0],
            Bleu(4).compute_score(people, answers, verbose=0)[0][3],
            Rouge().compute_score(people, answers)[0],
        ]
        if "METEOR" in self.names:
            found.append(Meteor().compute_score(people, answers)[0])
        if self._spice is not None and "SPICE" in self.names:
            found.append(_spice(answers, people, self._spice))
        return [100 * float(score) for score in found]


def _spice(answers: Mapping[int, list[str]], people: Mapping[int, list[str]], jars: Path) -> float:
    """SPICE, the mean over the photos; photos without any relation to compare count 0."""
    import pycocoevalcap

    own = Path(pycocoevalcap.__path__[0]) / "spice"
    asked = [{"image_id": n, "test": answers[n][0], "refs": people[n]} for n in answers]
    path = ":".join([str(own / "spice-1.0.jar"), f"{own / 'lib'}/*", f"{jars.resolve()}/*"])
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "in.json", Path(folder) / "out.json"
        given.write_text(json.dumps(asked), "utf-8")
        command = ["java", "-Xmx6G", "-cp", path]
        command += [f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in _OPENED]
        command += ["edu.anu.spice.SpiceScorer", str(given), "-out", str(made), "-silent"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode or not made.exists():
            raise SystemExit(f"SPICE failed: {done.stderr[-2000:]}")
        rows = json.loads(made.read_text("utf-8"))
    return fmean(row["scores"]["All"]["f"] or 0.0 for row in rows)
